//! The impure steps of an authentication: a nonce, a token, the derivation of keys.
//!
//! A session returns [`Work`] to its shell, which runs the work and passes the [`Outcome`] back. Only this part of the SASL
//! exchanges uses a runtime, random numbers and the log.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::exchange::{self, Exchange};
use super::scram::{Challenge, Hash, Keys, NONCE_BYTES, Scram, nonce_of};
use super::{Credentials, Mechanism, Sasl};
use crate::error::SaslError;

/// A step that a session leaves to its shell.
pub struct Work {
    sasl: Sasl,
    task: Task,
}

enum Task {
    /// The preparation of the first message. `secure` is whether the connection is encrypted.
    Open { secure: bool },
    /// The derivation of SCRAM's keys.
    Derive { hash: Hash, challenge: Challenge },
}

/// The result of [`Work`], for its session.
pub struct Outcome(pub(crate) Result<Done, SaslError>);

/// The result of a step that succeeded.
pub(crate) enum Done {
    Opened(Exchange),
    Derived(Arc<Keys>),
}

impl Work {
    pub(crate) const fn open(sasl: Sasl, secure: bool) -> Self {
        Self { sasl, task: Task::Open { secure } }
    }

    pub(crate) const fn derive(sasl: Sasl, hash: Hash, challenge: Challenge) -> Self {
        Self { sasl, task: Task::Derive { hash, challenge } }
    }

    /// Runs the work. A panic becomes an error.
    ///
    /// Needs tokio: keys are derived on its pool of blocking threads.
    ///
    /// # Cancel safety
    /// Dropping the future cancels the work; the session waits for an outcome until its deadline.
    pub async fn run(self) -> Outcome {
        let mut work: Pin<Box<dyn Future<Output = Result<Done, SaslError>> + Send>> = Box::pin(self.done());
        let caught = poll_fn(move |context| {
            // The future is not polled again after it panicked.
            match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(done)) => Poll::Ready(done),
                Err(_) => Poll::Ready(Err(SaslError::Interrupted("the token provider panicked"))),
            }
        });
        Outcome(caught.await)
    }

    async fn done(self) -> Result<Done, SaslError> {
        match self.task {
            Task::Open { secure } => open(&self.sasl, secure).await.map(Done::Opened),
            Task::Derive { hash, challenge } => derive(&self.sasl, hash, challenge).await.map(Done::Derived),
        }
    }
}

async fn open(sasl: &Sasl, secure: bool) -> Result<Exchange, SaslError> {
    if !secure {
        warn_once(sasl);
    }
    match &sasl.credentials {
        Credentials::Token(provider) => Exchange::bearer(provider.token().await?),
        Credentials::Password { .. } => with_password(sasl),
    }
}

fn with_password(sasl: &Sasl) -> Result<Exchange, SaslError> {
    let (username, password) = sasl.prepared()?;
    let hash = match sasl.mechanism {
        Mechanism::ScramSha256 => Hash::Sha256,
        Mechanism::ScramSha512 => Hash::Sha512,
        Mechanism::Plain | Mechanism::OAuthBearer => return exchange::plain(&username, &password),
    };
    let mut random = [0; NONCE_BYTES];
    getrandom::fill(&mut random)
        .map_err(|_| SaslError::Interrupted("the system returned no random numbers"))?;
    let nonce = nonce_of(&random);
    Ok(Exchange::Scram(Scram::new(hash, &username, sasl.is_delegated(), nonce)))
}

async fn derive(sasl: &Sasl, hash: Hash, challenge: Challenge) -> Result<Arc<Keys>, SaslError> {
    let (_, mut password) = sasl.prepared()?;
    let password = std::mem::take(&mut *password).into_bytes().into();
    let keys = sasl.shared.keys.get(hash, password, challenge.salt, challenge.iterations).await;
    keys.ok_or(SaslError::Interrupted("the SCRAM keys could not be derived"))
}

/// A password or token on a connection without TLS can be read on the network: one warning a client.
fn warn_once(sasl: &Sasl) {
    let (Mechanism::Plain | Mechanism::OAuthBearer) = sasl.mechanism else { return };
    if !sasl.shared.warned.swap(true, std::sync::atomic::Ordering::Relaxed) {
        tracing::warn!(
            mechanism = %sasl.mechanism,
            "authentication: credentials are sent without TLS and can be read on the network: use SASL_SSL"
        );
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.task {
            Task::Open { .. } => "Work(open)",
            Task::Derive { .. } => "Work(derive)",
        })
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(_) => f.write_str("Outcome(done)"),
            Err(error) => write!(f, "Outcome({error})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sasl::UnsecuredTokens;
    use crate::warnings::Warnings;

    #[test]
    fn credentials_without_tls_are_warned_of_once_a_client() {
        let tokens = || Sasl::oauthbearer(Arc::new(UnsecuredTokens::new("alice")));
        let cases = [
            (Sasl::plain("a", "b"), false, 1),
            (tokens(), false, 1),
            (Sasl::plain("a", "b"), true, 0),
            (tokens(), true, 0),
            (Sasl::scram_sha_256("a", "b"), false, 0),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (sasl, secure, expected) in cases {
            let warnings = Warnings::default();
            tracing::subscriber::with_default(warnings.clone(), || {
                for clone in [sasl.clone(), sasl.clone(), sasl.clone()] {
                    let outcome = runtime.block_on(Work::open(clone, secure).run());
                    assert!(outcome.0.is_ok(), "{outcome:?}");
                }
            });
            assert_eq!(warnings.count(), expected, "{sasl:?}, secure: {secure}");
        }
    }
}
