//! OAuth tokens for Zoho.
