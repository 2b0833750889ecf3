//! Certificates that change on disk while connections come and go.
//!
//! The files are read again for each connection, which costs far less than its handshake does. What changed is taken
//! once it is whole: a certificate whose key is still the old one, or a file that is being written, leaves what was
//! good in use, with one warning for each such state of the files.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ClientConfig;
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::config::Settings;
use super::setup::TlsSetupError;

/// What rustls takes, as the files have it.
#[derive(Debug)]
pub(super) struct Live {
    settings: Settings,
    /// Guards what the next connection uses; held for a look or an exchange.
    config: Mutex<Arc<ClientConfig>>,
    /// Guards what is known about the files, and is held while they are read, so that an older look never undoes a
    /// newer one. No worker of the runtime takes it.
    files: Mutex<Files>,
}

#[derive(Debug)]
struct Files {
    /// What they held that is in use.
    used: Digest,
    /// What they held that could not be used, and was warned of; none when they could not even be read.
    refused: Option<Result<Digest, String>>,
}

type Digest = [u8; 32];

impl Live {
    /// Reads the files for the first time.
    pub(super) fn new(settings: Settings) -> Result<Self, TlsSetupError> {
        let material = settings.read()?;
        let config = settings.client_config(&material)?;
        let files = Files { used: material.digest(), refused: None };
        Ok(Self { settings, config: Mutex::new(Arc::new(config)), files: Mutex::new(files) })
    }

    /// What the next connection is to use. Reads and decrypts away from the runtime's workers.
    ///
    /// # Cancel safety
    /// Dropped, a look that was begun ends by itself.
    pub(super) async fn latest(self: &Arc<Self>) -> Arc<ClientConfig> {
        if self.settings.has_files() {
            let live = Arc::clone(self);
            // It fails when the runtime shuts down: then nobody needs the newest files.
            let _ = spawn_blocking(move || live.look()).await;
        }
        Arc::clone(&lock(&self.config))
    }

    /// Reads the files again, and takes what is new and good.
    pub(super) fn look(&self) {
        let mut files = lock(&self.files);
        let material = match self.settings.read() {
            Ok(material) => material,
            Err(error) => return files.refuse(Err(error.to_string()), &error),
        };
        let digest = material.digest();
        if digest == files.used {
            files.refused = None;
        } else if files.refused != Some(Ok(digest)) {
            match self.settings.client_config(&material) {
                Ok(config) => {
                    *lock(&self.config) = Arc::new(config);
                    *files = Files { used: digest, refused: None };
                    info!("TLS: certificates or keys changed on disk; new connections use the new ones");
                }
                Err(error) => files.refuse(Ok(digest), &error),
            }
        }
    }
}

impl Files {
    /// Keeps what is in use, and says so, unless it was said of this state of the files.
    fn refuse(&mut self, state: Result<Digest, String>, error: &TlsSetupError) {
        let state = Some(state);
        if self.refused != state {
            self.refused = state;
            warn!(%error, "TLS: what changed on disk cannot be used; the certificates from before stay in use");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
