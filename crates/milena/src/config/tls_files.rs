//! Files and PEM texts of TLS, read and checked before a connection is opened.

use std::sync::Arc;
use std::time::Duration;

use milena_connection::Shown;
use milena_connection::tls::{Tls, TlsConnector, TlsPart, TlsSetupError};
use milena_connection::transport::{Tcp, TcpOptions};

use super::HIDDEN;
use super::settings::TlsSettings;
use crate::error::ConfigError;

/// Reads the files of `tls`, and rejects what the first connection would reject; `by_name` are the properties that it was
/// made of.
///
/// # Errors
/// A file that cannot be read, a text that is no PEM, a key without its certificate; by the property that was set.
pub(super) fn check(tls: &Tls, by_name: Option<&TlsSettings>) -> Result<(), ConfigError> {
    let tcp = Arc::new(Tcp::new(TcpOptions::default()));
    let Err(error) = TlsConnector::new(tcp, tls, Duration::ZERO) else { return Ok(()) };
    Err(match by_name {
        Some(settings) => settings.refused(&error),
        None => ConfigError::new("tls", error.to_string()),
    })
}

impl TlsSettings {
    /// The error with the property of the invalid part.
    fn refused(&self, error: &TlsSetupError) -> ConfigError {
        let message = error.to_string();
        let Some(property) = self.property_of(error.part) else {
            return ConfigError::new("security.protocol", format!("`security.protocol`: {message}"));
        };
        let value = error
            .path
            .as_ref()
            .map_or_else(|| HIDDEN.to_owned(), |path| Shown(&path.to_string_lossy()).to_string());
        // `TLS: `path` (authorities) cannot be read …`: the property stands in the place of the path.
        let subject = format!("({}) ", error.part);
        let predicate = message.split_once(&subject).map(|(_, predicate)| predicate);
        let predicate = predicate
            .or_else(|| message.split_once(&format!("given as {} ", error.part)).map(|(_, rest)| rest));
        match predicate {
            Some(predicate) => ConfigError::of_value(property, value, &format!(" {predicate}")),
            None => ConfigError::new(property, format!("`{property}`: {message}")),
        }
    }

    fn property_of(&self, part: TlsPart) -> Option<&'static str> {
        let certificate = match &self.certificate_file {
            Some(_) => "ssl.keystore.location",
            None => "ssl.keystore.certificate.chain",
        };
        match part {
            TlsPart::Authorities if self.authorities_file.is_some() => Some("ssl.truststore.location"),
            TlsPart::Authorities => Some("ssl.truststore.certificates"),
            TlsPart::Certificate => Some(certificate),
            TlsPart::Key if self.key_file.is_some() => Some("ssl.key.location"),
            TlsPart::Key if self.key_pem.is_some() => Some("ssl.keystore.key"),
            TlsPart::Key => Some(certificate),
            _ => None,
        }
    }
}
