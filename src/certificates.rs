//! Whom an HTTPS client believes: the system's certificates, or Mozilla's where the system has none, as in an image of one program.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Builds a client. `SSL_CERT_FILE` and `SSL_CERT_DIR` name other certificates than the system's.
///
/// # Errors
///
/// When it cannot be built with either.
pub(crate) fn client(builder: impl Fn() -> reqwest::ClientBuilder) -> anyhow::Result<reqwest::Client> {
    // Another part of the process may have chosen the same one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Ok(client) = builder().build() {
        return Ok(client);
    }
    Ok(builder().tls_backend_preconfigured(mozilla()?).build()?)
}

fn mozilla() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    Ok(config.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mozillas_certificates_are_enough_for_a_client() {
        let builder = || reqwest::Client::builder().tls_backend_preconfigured(mozilla().expect("a configuration"));
        client(builder).expect("a client");
    }
}
