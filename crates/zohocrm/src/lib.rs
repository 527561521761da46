//! The Zoho CRM v8 client.
