//! Related lists, notes, attachments and tags of records.

mod attachments;
mod lists;
mod notes;
mod parent;
mod record_tags;
mod tags;

pub(crate) use self::attachments::*;
pub(crate) use self::lists::*;
pub(crate) use self::notes::create_notes;
pub(crate) use self::record_tags::*;
pub(crate) use self::tags::*;
