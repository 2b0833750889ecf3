//! Certificate reload: files that change on disk apply to new connections.
//!
//! The files are read again for each connection, which costs far less than the handshake. Changed files are used once they
//! are valid together: a certificate whose key is still the old one, or a partially written file, leaves the previous
//! configuration in use, with one warning for each such state of the files.

use std::sync::{Arc, Mutex};

use rustls::ClientConfig;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::Tls;
use super::setup::TlsSetupError;
use crate::lock::lock;

/// The rustls configuration of the files.
#[derive(Debug)]
pub(super) struct Live {
    settings: Tls,
    /// Guards the configuration of the next connection; held for a read or a replacement.
    config: Mutex<Arc<ClientConfig>>,
    /// Guards the state of the files. Held while they are read, so that an older read never replaces a newer one. Not locked
    /// on a worker thread of the runtime.
    files: Mutex<Files>,
}

#[derive(Debug)]
struct Files {
    /// The digest of the content in use.
    used: Digest,
    /// The invalid state that was logged: the digest of the content, or the error of a file that could not be read.
    rejected: Option<Result<Digest, String>>,
}

type Digest = [u8; 32];

impl Live {
    /// Reads the files for the first time.
    pub(super) fn new(settings: Tls) -> Result<Self, TlsSetupError> {
        let material = settings.read()?;
        let config = settings.rustls_config(&material)?;
        let files = Files { used: material.digest(), rejected: None };
        Ok(Self { settings, config: Mutex::new(Arc::new(config)), files: Mutex::new(files) })
    }

    /// The configuration of the next connection. Reads and decrypts on a blocking thread.
    ///
    /// # Cancel safety
    /// A read in progress continues and ends by itself.
    pub(super) async fn latest(self: &Arc<Self>) -> Arc<ClientConfig> {
        if self.settings.has_files() {
            let live = Arc::clone(self);
            // Fails during the shutdown of the runtime: the previous configuration is good enough then.
            let _ = spawn_blocking(move || live.reload()).await;
        }
        Arc::clone(&lock(&self.config))
    }

    /// Reads the files again, and replaces the configuration if they are changed and valid.
    pub(super) fn reload(&self) {
        let mut files = lock(&self.files);
        let material = match self.settings.read() {
            Ok(material) => material,
            Err(error) => return files.reject(Err(error.to_string()), &error),
        };
        let digest = material.digest();
        if digest == files.used {
            files.rejected = None;
        } else if files.rejected != Some(Ok(digest)) {
            match self.settings.rustls_config(&material) {
                Ok(config) => {
                    *lock(&self.config) = Arc::new(config);
                    *files = Files { used: digest, rejected: None };
                    info!("TLS: certificates or keys changed on disk, new connections use them");
                }
                Err(error) => files.reject(Ok(digest), &error),
            }
        }
    }
}

impl Files {
    /// Logs an invalid state of the files once.
    fn reject(&mut self, state: Result<Digest, String>, error: &TlsSetupError) {
        let state = Some(state);
        if self.rejected != state {
            self.rejected = state;
            warn!(%error, "TLS: invalid certificates or keys on disk, the previous ones stay in use");
        }
    }
}
