//! What the generated operations are made with. `generated/` uses nothing of this crate but this.

/// Makes the type of a call: a [`Request`](crate::Request) that knows what its answer is.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident -> Download) => {
        operation!(@call $(#[$doc])* $name);

        impl $name {
            /// Sends the call; the file comes as a stream.
            ///
            /// # Errors
            /// When the call fails: see [`Error`](crate::Error).
            pub async fn send(&self) -> Result<crate::request::Download, crate::error::Error> {
                self.request.download().await
            }
        }
    };
    ($(#[$doc:meta])* $name:ident -> $answer:ty) => {
        operation!(@call $(#[$doc])* $name);

        impl $name {
            /// Sends the call and reads the answer.
            ///
            /// # Errors
            /// When the call fails: see [`Error`](crate::Error).
            pub async fn send(&self) -> Result<crate::request::Response<$answer>, crate::error::Error> {
                self.request.send_as().await
            }
        }
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
            /// The call as a plain request: to add what Zoho knows and its type does not, or to read the answer as
            /// something else.
            fn from(call: $name) -> Self {
                call.request
            }
        }
    };
}

/// Makes a method for each field of a body: `Role::default().name("Manager")`.
macro_rules! setters {
    ($body:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        impl $body {
            $(
                /// Sets the field of this name; [`Nullable::Null`] empties it.
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

/// All that a file of `generated/` needs.
pub(crate) mod prelude {
    pub(crate) use serde::{Deserialize, Serialize};
    pub(crate) use serde_json::{Map, Value};

    pub(crate) use super::{operation, setters};
    pub(crate) use crate::client::Crm;
    pub(crate) use crate::record::Record;
    pub(crate) use crate::request::{Method, Request, Upload};
    pub(crate) use crate::value::open_enum::open_enum;
    pub(crate) use crate::value::{ActionResult, Date, DateTime, Extra, Nullable};
}
