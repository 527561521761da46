//! A stand-in for Zoho on a loopback port.
