//! How connections are encrypted.

use std::any::Any;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;

/// TLS with the certificates that this system trusts, for `reqwest::ClientBuilder::tls_backend_preconfigured`.
///
/// Without any such certificates, only plain HTTP works, which is used for tests on this machine.
pub fn tls_backend() -> impl Any {
    let builder = || {
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring supports the protocol versions that rustls considers safe")
    };
    match builder().with_platform_verifier() {
        Ok(verified) => verified.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(
                %error,
                "this system has no trusted certificates, so https will not work; install ca-certificates"
            );
            builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
        }
    }
}
