//! The SCRAM keys of a password, and a cache of derived keys.
//!
//! The derivation is slow by design, so it runs once for all connections of a client: all of them wait for the derivation in
//! progress, and the keys of the last few salts are kept.

use std::fmt;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::hash::Hash;

/// The number of salts whose keys are kept. A cluster has one salt for each user; a new password has a new salt.
const KEPT: usize = 4;

/// The keys that prove the knowledge of a password (RFC 5802, section 3).
pub(crate) struct Keys {
    /// `HMAC(SaltedPassword, "Client Key")`.
    pub(super) client: Zeroizing<Vec<u8>>,
    /// `HMAC(SaltedPassword, "Server Key")`.
    pub(super) server: Zeroizing<Vec<u8>>,
}

impl Keys {
    /// Derives the keys. Slow: the server chooses the iteration count.
    pub(super) fn derive(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = hash.salted(password, salt, iterations);
        Self { client: hash.hmac(&salted, b"Client Key"), server: hash.hmac(&salted, b"Server Key") }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// The keys of the last few salts, oldest first.
#[derive(Default)]
pub(crate) struct KeysCache(Arc<Mutex<Vec<Kept>>>);

struct Kept {
    salt: Vec<u8>,
    iterations: u32,
    keys: Arc<Keys>,
}

impl KeysCache {
    /// The keys for a salt: kept, or derived on a blocking thread. None if that thread failed.
    ///
    /// # Cancel safety
    /// A derivation in progress continues, and its keys are kept for the next call.
    pub(crate) async fn get(
        &self,
        hash: Hash,
        password: Zeroizing<Vec<u8>>,
        salt: Vec<u8>,
        iterations: u32,
    ) -> Option<Arc<Keys>> {
        // The lock moves to the other thread: during a derivation, all other calls wait for its keys.
        let mut kept = Arc::clone(&self.0).lock_owned().await;
        if let Some(found) = kept.iter().find(|kept| kept.iterations == iterations && kept.salt == salt) {
            return Some(Arc::clone(&found.keys));
        }
        let derive = move || {
            let keys = Arc::new(Keys::derive(hash, &password, &salt, iterations));
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push(Kept { salt, iterations, keys: Arc::clone(&keys) });
            keys
        };
        spawn_blocking(derive).await.ok()
    }
}

impl fmt::Debug for KeysCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeysCache")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(cache: &KeysCache, salt: u8) -> Arc<Keys> {
        let password = Zeroizing::new(b"pencil".to_vec());
        cache.get(Hash::Sha256, password, vec![salt], 4096).await.unwrap()
    }

    #[tokio::test]
    async fn keys_are_derived_once_for_all_callers() {
        let cache = KeysCache::default();
        let (first, second) = tokio::join!(get(&cache, 1), get(&cache, 1));
        assert!(Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&first, &get(&cache, 1).await));
        assert!(!Arc::ptr_eq(&first, &get(&cache, 2).await));
    }

    #[tokio::test]
    async fn kept_keys_are_bounded() {
        let cache = KeysCache::default();
        let first = get(&cache, 0).await;
        for salt in 1..=u8::try_from(KEPT).unwrap() {
            get(&cache, salt).await;
        }
        assert_eq!(cache.0.lock().await.len(), KEPT);
        assert!(!Arc::ptr_eq(&first, &get(&cache, 0).await));
    }

    #[tokio::test]
    async fn cancelled_call_leaves_the_keys_to_the_next() {
        let cache = KeysCache::default();
        {
            let mut call = Box::pin(get(&cache, 1));
            let begun = std::future::poll_fn(|context| {
                std::task::Poll::Ready(call.as_mut().poll(context).is_pending())
            });
            assert!(begun.await);
        }
        get(&cache, 1).await;
        assert_eq!(cache.0.lock().await.len(), 1);
    }
}
