//! What hangs on a record: related records, notes, attachments and tags.
