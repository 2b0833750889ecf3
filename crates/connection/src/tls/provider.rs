//! The built-in cryptography of TLS.
//!
//! A feature beside the default one is a choice: `tls-aws-lc` comes before `tls-ring`, and both before `tls-graviola`. The
//! provider of the process (`CryptoProvider::install_default`) is used only if none is built in: another library may install
//! one at any time, and the choice must not depend on that order.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use super::setup::{TlsSetupError, TlsSetupFault};

/// The built-in provider.
pub(crate) fn built_in() -> Result<Arc<CryptoProvider>, TlsSetupError> {
    choose(graviola_fits).map_err(TlsSetupError::cryptography)
}

/// `graviola_fits` returns whether the processor has the instructions that graviola needs.
fn choose(graviola_fits: impl Fn() -> bool) -> Result<Arc<CryptoProvider>, TlsSetupFault> {
    if let Some(provider) = aws_lc().or_else(ring) {
        return Ok(provider.into());
    }
    match graviola() {
        // graviola would panic in its first use.
        Some(_) if !graviola_fits() => Err(TlsSetupFault::Processor),
        Some(provider) => Ok(provider.into()),
        None => CryptoProvider::get_default().cloned().ok_or(TlsSetupFault::NoProvider),
    }
}

#[cfg(feature = "tls-aws-lc")]
fn aws_lc() -> Option<CryptoProvider> {
    Some(rustls::crypto::aws_lc_rs::default_provider())
}

#[cfg(not(feature = "tls-aws-lc"))]
const fn aws_lc() -> Option<CryptoProvider> {
    None
}

#[cfg(feature = "tls-ring")]
fn ring() -> Option<CryptoProvider> {
    Some(rustls::crypto::ring::default_provider())
}

#[cfg(not(feature = "tls-ring"))]
const fn ring() -> Option<CryptoProvider> {
    None
}

#[cfg(all(feature = "tls-graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn graviola() -> Option<CryptoProvider> {
    Some(rustls_graviola::default_provider())
}

#[cfg(not(all(feature = "tls-graviola", any(target_arch = "x86_64", target_arch = "aarch64"))))]
const fn graviola() -> Option<CryptoProvider> {
    None
}

#[cfg(all(feature = "tls-graviola", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn graviola_fits() -> bool {
    graviola::util::is_cpu_supported()
}

#[cfg(not(all(feature = "tls-graviola", any(target_arch = "x86_64", target_arch = "aarch64"))))]
const fn graviola_fits() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(any(feature = "tls-aws-lc", feature = "tls-ring")))]
    fn processor_without_the_instructions_is_an_error_with_remedies() {
        let fault = choose(|| false).unwrap_err();
        assert!(matches!(fault, TlsSetupFault::Processor), "{fault:?}");
        let text = TlsSetupError::cryptography(fault).to_string();
        for way_out in ["`tls-ring`", "`tls-aws-lc`", "`Tls::client_config`"] {
            assert!(text.contains(way_out), "{text}");
        }
        assert!(choose(|| true).is_ok());
    }

    #[test]
    #[cfg(any(feature = "tls-aws-lc", feature = "tls-ring"))]
    fn other_providers_need_no_special_processor() {
        let suites = choose(|| false).unwrap().cipher_suites.clone();
        let expected = match cfg!(feature = "tls-aws-lc") {
            true => aws_lc(),
            false => ring(),
        };
        assert_eq!(suites, expected.unwrap().cipher_suites);
    }
}
