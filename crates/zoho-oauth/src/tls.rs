//! How connections are encrypted.

use std::any::Any;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;

/// TLS with the certificates that this system trusts, for `reqwest::ClientBuilder::tls_backend_preconfigured`; and the
/// reason, if it trusts none. Then only plain HTTP works, which is used for tests on this machine.
#[must_use]
pub fn tls_backend() -> (impl Any, Option<String>) {
    let builder = || {
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the protocol versions that rustls considers safe")
    };
    match builder().with_platform_verifier() {
        Ok(verified) => (verified.with_no_client_auth(), None),
        Err(error) => {
            let trusting_none = builder().with_root_certificates(rustls::RootCertStore::empty());
            (trusting_none.with_no_client_auth(), Some(error.to_string()))
        }
    }
}
