//! `Api`, and what the generated operations are made with. `api/` uses nothing else of this crate.

use crate::caller::Caller;

/// Every operation of the API that Zoho describes, by area; from [`Crm::api`](crate::Crm::api).
#[derive(Clone, Debug)]
pub struct Api {
    pub(crate) caller: Caller,
}

/// Defines the type of a call: a [`Request`](crate::Request) that knows the type of its response. It can be awaited.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident -> Download) => {
        operation!(@call $(#[$doc])* $name);

        impl $name {
            /// Sends the call and returns the file as a stream.
            ///
            /// # Errors
            /// If the call fails: see [`Error`](crate::Error).
            pub async fn send(&self) -> Result<crate::request::Download, crate::error::Error> {
                self.request.download().await
            }
        }

        crate::request::awaited!($name -> crate::request::Download);
    };
    ($(#[$doc:meta])* $name:ident -> $response:ty) => {
        operation!(@call $(#[$doc])* $name);

        impl $name {
            /// Sends the call and decodes the response.
            ///
            /// # Errors
            /// If the call fails: see [`Error`](crate::Error).
            pub async fn send(&self) -> Result<crate::request::Response<$response>, crate::error::Error> {
                self.request.send_as().await
            }
        }

        crate::request::awaited!($name -> crate::request::Response<$response>);
    };
    (@call $(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "a call does nothing until it is sent"]
        pub struct $name {
            request: crate::request::Request,
        }

        #[allow(dead_code, reason = "not every call has parameters")]
        impl $name {
            fn new(request: crate::request::Request) -> Self {
                Self { request }
            }

            fn with_query(self, name: &'static str, value: impl std::fmt::Display) -> Self {
                Self { request: self.request.replace_query(name, value.to_string()) }
            }

            fn with_query_list(
                self,
                name: &'static str,
                values: impl IntoIterator<Item = impl Into<String>>,
            ) -> Self {
                let values: Vec<String> = values.into_iter().map(Into::into).collect();
                self.with_query(name, values.join(","))
            }

            fn with_header(self, name: &'static str, value: impl std::fmt::Display) -> Self {
                Self { request: self.request.header(name, value.to_string()) }
            }
        }

        impl From<$name> for crate::request::Request {
            /// Returns the call as a plain request, to add parameters that its type lacks or to decode the response as
            /// another type.
            fn from(call: $name) -> Self {
                call.request
            }
        }
    };
}

/// Defines a setter for each field of a body: `Role::default().name("Manager")`.
macro_rules! setters {
    ($body:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        impl $body {
            $(
                /// Sets the field; [`Nullable::Null`] empties it.
                #[must_use]
                pub fn $field(mut self, $field: impl Into<Nullable<$kind>>) -> Self {
                    self.$field = $field.into();
                    self
                }
            )+
        }
    };
}

pub(crate) use {operation, setters};

/// Everything that a file of `api/` imports.
pub(crate) mod prelude {

    pub(crate) use super::{operation, setters};
    pub(crate) use crate::caller::Caller;
    pub(crate) use crate::message::{Method, Upload};
    pub(crate) use crate::record::Record;
    pub(crate) use crate::request::Request;
    pub(crate) use crate::value::described::described;
    pub(crate) use crate::value::open_enum::open_enum;
    pub(crate) use crate::value::{ActionResult, Date, DateTime, Map, Nullable, Number, Value};
}
