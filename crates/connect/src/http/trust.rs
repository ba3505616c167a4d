//! Whom we trust: the machine's certificate authorities and those of a file, the same for every connection.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::path::Path;
use std::sync::Arc;

use super::Lost;

/// The certificates of a file of authorities (PEM).
pub(super) fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, Lost> {
    let pem = std::fs::read(file)
        .map_err(|_| Lost::NotSent("the file of certificate authorities cannot be read".to_owned()))?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) | Err(_) => Err(Lost::NotSent("the file of certificate authorities holds no certificate".to_owned())),
    }
}

/// How secure connections are made: checked always, TLS 1.2 or newer. A machine without authorities of its own trusts
/// exactly those of the file.
pub(super) fn config(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Lost> {
    let unusable =
        |_| Lost::NotSent("no secure connections can be made with the certificates of this machine".to_owned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
    let mut config = match Verifier::new_with_extra_roots(extra.iter().cloned(), provider) {
        Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(),
        Err(_) => {
            let mut roots = RootCertStore::empty();
            let (added, _) = roots.add_parsable_certificates(extra);
            if added == 0 {
                tracing::debug!("this machine has no certificate authorities and none were given");
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The same for what is not HTTP, trusting a file of further authorities if one is given.
pub(crate) fn plain(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Lost> {
    let extra = ca_file.map(authorities).transpose()?.unwrap_or_default();
    let mut config = config(extra)?;
    config.alpn_protocols.clear();
    Ok(Arc::new(config))
}
