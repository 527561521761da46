//! How connections are encrypted.

use std::any::Any;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::CertificateError;
use rustls_platform_verifier::BuilderVerifierExt;

use crate::error::{CertificateProblem, NetworkFailure};

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

/// Why no connection was made, from the error of the HTTP client.
#[must_use]
pub fn connect_failure(error: &(dyn StdError + 'static)) -> NetworkFailure {
    /// The HTTP client does not export the type of this error.
    const PROXY_CREDENTIALS: &str = "tunnel error: proxy authorization required";
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(problem) = current.downcast_ref::<rustls::Error>().and_then(certificate_problem) {
            return NetworkFailure::Certificate(problem);
        }
        if current.to_string() == PROXY_CREDENTIALS {
            return NetworkFailure::ProxyCredentials;
        }
        // An I/O error hides the error in it from `source`.
        let inner = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = inner.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| current.source());
    }
    NetworkFailure::Connect
}

fn certificate_problem(error: &rustls::Error) -> Option<CertificateProblem> {
    let rustls::Error::InvalidCertificate(error) = error else { return None };
    Some(match error {
        CertificateError::UnknownIssuer => CertificateProblem::UnknownAuthority,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongHost
        }
        _ => CertificateProblem::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of a certificate as an HTTP client returns it: inside I/O errors.
    fn failure(error: CertificateError) -> NetworkFailure {
        let inner = io::Error::other(rustls::Error::InvalidCertificate(error));
        connect_failure(&io::Error::other(inner))
    }

    #[test]
    fn each_problem_of_a_certificate_is_told_and_is_not_transient() {
        for (error, problem) in [
            (CertificateError::UnknownIssuer, CertificateProblem::UnknownAuthority),
            (CertificateError::Expired, CertificateProblem::Expired),
            (CertificateError::NotValidYet, CertificateProblem::NotYetValid),
            (CertificateError::NotValidForName, CertificateProblem::WrongHost),
            (CertificateError::BadSignature, CertificateProblem::Other),
        ] {
            let failure = failure(error);
            assert_eq!(failure, NetworkFailure::Certificate(problem));
            assert!(!failure.is_transient() && !failure.may_have_sent());
        }
    }

    #[test]
    fn a_refused_connection_is_no_problem_of_a_certificate() {
        let error = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(connect_failure(&error), NetworkFailure::Connect);
        assert_eq!(connect_failure(&rustls::Error::HandshakeNotComplete), NetworkFailure::Connect);
    }
}
