//! `awaited!`: lets a call be awaited in place of `send`.

/// Lets a call be awaited: `crm.records("Leads").count().await` does what `crm.records("Leads").count().send().await` does.
macro_rules! awaited {
    ($call:ident -> $response:ty) => {
        impl std::future::IntoFuture for $call {
            type Output = Result<$response, crate::error::Error>;
            type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Self::Output> + Send>>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(async move { self.send().await })
            }
        }
    };
}

pub(crate) use awaited;
