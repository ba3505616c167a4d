//! Whom we trust: the machine's certificate authorities and those of a file, the same for every connection; a file that is
//! replaced counts from the next connection on.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::Lost;

/// The certificates of a file of authorities (PEM).
fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, Lost> {
    let refused = |what: &str| {
        let file = file.display();
        Lost::NotSent(format!("the CA file {file} {what}; put a PEM file of certificates there"))
    };
    let pem = std::fs::read(file).map_err(|_| refused("cannot be read"))?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(list) if !list.is_empty() => Ok(list),
        Ok(_) | Err(_) => Err(refused("holds no certificate")),
    }
}

/// What is made of the authorities that are trusted now, and made anew when their file is replaced.
pub(super) struct Trusted<T> {
    file: Option<PathBuf>,
    make: fn(ClientConfig) -> Result<T, Lost>,
    present: Mutex<Present<T>>,
}

struct Present<T> {
    made: Arc<T>,
    /// The file as it was when it was read.
    stamp: Option<Stamp>,
    /// Why the file as it is now is not what counts.
    fault: Option<String>,
}

/// What differs once a file was written or replaced.
type Stamp = (Option<SystemTime>, Option<SystemTime>, u64);

fn stamp(file: &Path) -> Option<Stamp> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.modified().ok(), about.created().ok(), about.len()))
}

impl<T> Trusted<T> {
    pub(super) fn by(file: Option<&Path>, make: fn(ClientConfig) -> Result<T, Lost>) -> Result<Self, Lost> {
        // Looked at before it is read: written meanwhile, it is read once more.
        let stamp = file.and_then(stamp);
        let made = Arc::new(make(trusting(file)?)?);
        let present = Mutex::new(Present { made, stamp, fault: None });
        Ok(Self { file: file.map(Path::to_owned), make, present })
    }

    /// For the next connection. A file that is gone or broken changes nothing until it is mended.
    pub(super) fn now(&self) -> Arc<T> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &self.file else { return Arc::clone(&present.made) };
        let stamp = stamp(file);
        if stamp == present.stamp {
            return Arc::clone(&present.made);
        }
        present.stamp = stamp;
        match trusting(Some(file)).and_then(self.make) {
            Ok(made) => {
                tracing::info!("a replaced CA file is taken");
                *present = Present { made: Arc::new(made), stamp, fault: None };
            }
            Err(why) => {
                tracing::warn!(why = %why, "a replaced CA file cannot be used; the earlier one counts until it is mended");
                present.fault = Some(why.to_string());
            }
        }
        Arc::clone(&present.made)
    }

    /// A refusal, and what is wrong with the file, which may be why.
    pub(super) fn told(&self, lost: Lost) -> Lost {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        match (lost, &present.fault) {
            (Lost::NotSent(why), Some(fault)) => {
                Lost::NotSent(format!("{why} ({fault}: until then the certificates it held before count)"))
            }
            (lost, _) => lost,
        }
    }
}

fn trusting(file: Option<&Path>) -> Result<ClientConfig, Lost> {
    config(file.map(authorities).transpose()?.unwrap_or_default())
}

/// How secure connections are made: checked always, TLS 1.2 or newer. A machine without authorities of its own trusts
/// exactly those of the file.
fn config(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Lost> {
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
    let mut config = trusting(ca_file)?;
    config.alpn_protocols.clear();
    Ok(Arc::new(config))
}
