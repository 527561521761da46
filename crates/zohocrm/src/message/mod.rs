//! HTTP messages as plain data: what a request carries and what a response brought. No I/O, and no errors of a call.

mod body;
mod headers;
mod method;
mod raw_response;

pub use body::Upload;
pub(crate) use body::{Body, Part, Source};
pub(crate) use headers::Head;
pub use headers::Headers;
pub(crate) use method::OperationName;
pub use method::{Method, UnknownMethod};
pub use raw_response::RawResponse;
