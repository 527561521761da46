//! Servers whose certificates are not trusted. Their keys are in this folder and protect nothing.

use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use zoho_oauth::store::{MemoryStore, TokenStore};
use zoho_oauth::{Authenticator, CertificateProblem, Environment, Error, NetworkFailure, OAuthToken};

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named_and_is_not_transient() {
    for (pem, problem, expected) in [
        (
            include_bytes!("unknown_authority.pem").as_slice(),
            CertificateProblem::UnknownAuthority,
            ["signed by an unknown authority", "SSL_CERT_FILE"],
        ),
        (
            include_bytes!("expired.pem").as_slice(),
            CertificateProblem::Expired,
            ["has expired", "check this machine's clock"],
        ),
    ] {
        let store = MemoryStore::new();
        let row = OAuthToken::new().with_user("ada").with_client("c", "s").with_refresh_token("r");
        store.save_token(&row).await.unwrap();
        let environment = Environment::local(&server(pem)).unwrap();
        let authenticator = Authenticator::builder(environment).store(store).build().unwrap();
        let error = authenticator.access_token(&"ada".into()).await.unwrap_err();
        let failure = NetworkFailure::Certificate(problem);
        assert!(matches!(&error, Error::Unreachable { failure: seen, .. } if *seen == failure), "{error}");
        assert!(expected.iter().all(|part| error.to_string().contains(part)), "{error}");
        assert!(!error.is_transient(), "{error}");
    }
}

/// Starts a server with this certificate and key, and returns its URL.
fn server(pem: &[u8]) -> String {
    let certificate = CertificateDer::from_pem_slice(pem).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // The client ends the handshake.
            let _ = connection.complete_io(&mut stream.unwrap());
        }
    });
    format!("https://{address}")
}
