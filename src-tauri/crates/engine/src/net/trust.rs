//! Whom a TLS connection trusts: the system's store, what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, and a company's own
//! authority from `ca_file`. Who is not trusted is named by the issuer that was seen.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use crate::error::bounded;
use crate::{Error, ErrorCode, Result};

/// The largest file of certificates that is read: a whole system's store has 300 kB.
const LARGEST: u64 = 4 << 20;

/// What is trusted beside the system's store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trust(Vec<CertificateDer<'static>>);

impl Trust {
    /// With the authorities in this PEM file, which the setting `field` names.
    ///
    /// Errors: `invalid_setting` of that field.
    pub(crate) fn with_file(ca_file: Option<&Path>, field: &str) -> Result<Self> {
        let mut trusted = environment();
        if let Some(path) = ca_file {
            trusted.extend(read(path).map_err(|why| {
                let message = format!(
                    "The ca_file {} {why}. It has to be a PEM file of the authority's certificates; no connection is made without it.",
                    bounded(&path.display().to_string(), 300)
                );
                Error::new(ErrorCode::InvalidSetting, message).field(field)
            })?);
        }
        Ok(Self(trusted))
    }

    /// How TLS is spoken, and whether there is anybody to trust at all: without one every `https://` address fails.
    pub(crate) fn config(&self, protocols: &[&str]) -> (ClientConfig, bool) {
        // Idempotent: the second caller finds the first one's provider.
        rustls::crypto::ring::default_provider().install_default().ok();
        let provider = CryptoProvider::get_default().map(Arc::clone);
        let provider = provider.unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
        let system = rustls_platform_verifier::Verifier::new_with_extra_roots(self.0.iter().cloned(), provider);
        let (mut config, nobody) = match system {
            Ok(system) => {
                let telling = Arc::new(Telling(Arc::new(system)));
                (
                    ClientConfig::builder().dangerous().with_custom_certificate_verifier(telling).with_no_client_auth(),
                    false,
                )
            }
            // Without any certificate in the system the platform's verifier cannot be made, yet plain HTTP must work.
            Err(_) => {
                (ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth(), true)
            }
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        (config, nobody)
    }
}

/// Elsewhere the system's own store is what these variables replace.
fn environment() -> Vec<CertificateDer<'static>> {
    if !cfg!(any(windows, target_os = "macos")) {
        return Vec::new();
    }
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let folders = named("SSL_CERT_DIR").map(|folders| std::env::split_paths(&folders).collect::<Vec<_>>());
    let files = folders.into_iter().flatten().filter_map(|folder| std::fs::read_dir(folder).ok());
    let files = files.flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let files = named("SSL_CERT_FILE").map(Into::into).into_iter().chain(files);
    files.filter_map(|file: std::path::PathBuf| read(&file).ok()).flatten().collect()
}

/// The certificates in a PEM file; at least one.
fn read(path: &Path) -> std::result::Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        _ => format!("cannot be read ({})", bounded(&error.to_string(), 100)),
    };
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err("is no file of certificates".to_owned());
    }
    let text = std::fs::read(path).map_err(unreadable)?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|_| "is damaged".to_owned())?;
    if found.is_empty() {
        return Err("has no certificate in it".to_owned());
    }
    // Each is looked at now: one that is none would fail every connection, without a word on which file is at fault.
    let mut store = RootCertStore::empty();
    match found.iter().try_for_each(|certificate| store.add(certificate.clone())) {
        Ok(()) => Ok(found),
        Err(_) => Err("has something in it that is no certificate".to_owned()),
    }
}

/// A verifier that says whose certificate it refused.
#[derive(Debug)]
struct Telling(Arc<dyn ServerCertVerifier>);

impl ServerCertVerifier for Telling {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            rustls::Error::InvalidCertificate(cause) => {
                // The end of the chain that was sent names the authority.
                let issuer = issuer(intermediates.last().unwrap_or(end_entity)).unwrap_or_default();
                let untrusted = Untrusted { issuer: bounded(&issuer, 120), cause: cause.to_string() };
                rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted))))
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// A certificate was refused.
#[derive(Debug)]
pub(super) struct Untrusted {
    /// Who issued it, by its own word; empty where it does not tell.
    pub(super) issuer: String,
    cause: String,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.issuer.as_str() {
            "" => write!(f, "its certificate was refused: {}", self.cause),
            issuer => write!(f, "its certificate was issued by {issuer} and was refused: {}", self.cause),
        }
    }
}

impl StdError for Untrusted {}

/// Who issued this certificate: the common name, with the organisation where it has one.
fn issuer(certificate: &[u8]) -> Option<String> {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const ORGANISATION: &[u8] = &[0x55, 4, 10];
    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const VERSION: u8 = 0xa0;
    let mut to_be_signed = Der(Der(certificate).tagged(SEQUENCE)?).tagged(SEQUENCE).map(Der)?;
    if to_be_signed.0.first() == Some(&VERSION) {
        to_be_signed.step()?;
    }
    // The serial number, and the algorithm.
    to_be_signed.step()?;
    to_be_signed.step()?;
    let (mut name, mut organisation) = (None, None);
    let mut parts = Der(to_be_signed.tagged(SEQUENCE)?);
    while let Some(part) = parts.tagged(SET) {
        let mut pair = Der(Der(part).tagged(SEQUENCE)?);
        let (_, kind) = pair.step()?;
        let (_, value) = pair.step()?;
        let value = || Some(String::from_utf8_lossy(value).trim().to_owned()).filter(|text| !text.is_empty());
        match kind {
            COMMON_NAME => name = value(),
            ORGANISATION => organisation = value(),
            _ => {}
        }
    }
    match (name, organisation) {
        (Some(name), Some(organisation)) if !name.contains(&organisation) => Some(format!("{name} ({organisation})")),
        (Some(one), _) | (None, Some(one)) => Some(one),
        (None, None) => None,
    }
}

/// A walk through DER, as far as an issuer's name needs it.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value with its tag.
    fn step(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (length.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }

    fn tagged(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.step().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: &[u8] = include_bytes!("../../tests/tls/corp-leaf.der");

    #[test]
    fn the_issuer_is_read_and_nonsense_is_none() {
        assert_eq!(issuer(LEAF).as_deref(), Some("Corp Root CA (Example Corp)"));
        for length in 0..LEAF.len() {
            // Whatever is sent, it is read without harm.
            drop(issuer(&LEAF[..length]));
        }
        let mut damaged = LEAF.to_vec();
        for at in 0..damaged.len().min(200) {
            let was = std::mem::replace(&mut damaged[at], 0xff);
            drop(issuer(&damaged));
            damaged[at] = was;
        }
        assert_eq!(issuer(b""), None);
        assert_eq!(issuer(b"-----BEGIN"), None);
    }

    #[test]
    fn a_file_that_is_no_authority_names_its_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let error = |field: &str| Trust::with_file(Some(&path), field).unwrap_err();
        let missing = error("network.ca_file");
        assert_eq!((missing.code, missing.field.as_deref()), (ErrorCode::InvalidSetting, Some("network.ca_file")));
        assert!(missing.message.contains("does not exist"), "{}", missing.message);
        for (text, why) in [
            ("", "no certificate"),
            ("<html>", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "damaged"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = error("ca_file");
            assert!(error.message.contains(why), "{text}: {}", error.message);
        }
        std::fs::write(&path, include_str!("../../tests/tls/corp-ca.pem")).unwrap();
        assert!(Trust::with_file(Some(&path), "ca_file").is_ok());
    }
}
