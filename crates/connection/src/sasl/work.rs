//! What an authentication cannot do by itself: draw a nonce, fetch a token, derive keys.
//!
//! A session gives [`Work`] to its shell, which runs it and hands the [`Outcome`] back. Only here does this module
//! meet a runtime, random numbers and the log.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::error::SaslError;
use super::exchange::{self, Exchange};
use super::scram::{Challenge, Hash, Keys, NONCE_BYTES, Scram, nonce_of};
use super::{Credentials, Mechanism, Sasl};

/// Something that a session asks its shell for.
pub struct Work {
    sasl: Sasl,
    task: Task,
}

enum Task {
    /// Everything for the first message. `secure` tells whether nobody can listen.
    Open { secure: bool },
    /// The keys of SCRAM.
    Derive { hash: Hash, challenge: Challenge },
}

/// What came of [`Work`], for the session that asked.
pub struct Outcome(pub(crate) Result<Done, SaslError>);

/// What was asked for.
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

    /// Does it. What panics on the way becomes an outcome as well.
    ///
    /// Runs on tokio, whose thread pool for what blocks derives the keys.
    ///
    /// # Cancel safety
    /// Dropping the future gives the work up; the session waits for it until its deadline.
    pub async fn run(self) -> Outcome {
        let mut work: Pin<Box<dyn Future<Output = Result<Done, SaslError>> + Send>> = Box::pin(self.done());
        let caught = poll_fn(move |context| {
            // The future is not polled again after it panicked.
            match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(done)) => Poll::Ready(done),
                Err(_) => Poll::Ready(Err(SaslError::Interrupted("the provider of tokens panicked"))),
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
        .map_err(|_| SaslError::Interrupted("the system gives out no random numbers"))?;
    let nonce = nonce_of(&random);
    Ok(Exchange::Scram(Scram::new(hash, &username, sasl.is_delegated(), nonce)))
}

async fn derive(sasl: &Sasl, hash: Hash, challenge: Challenge) -> Result<Arc<Keys>, SaslError> {
    let (_, mut password) = sasl.prepared()?;
    let password = std::mem::take(&mut *password).into_bytes().into();
    let keys = sasl.shared.keys.get(hash, password, challenge.salt, challenge.iterations).await;
    keys.ok_or(SaslError::Interrupted("the keys of SCRAM could not be derived"))
}

/// A password or token that anybody on the way can read is worth one warning a client.
fn warn_once(sasl: &Sasl) {
    let (Mechanism::Plain | Mechanism::OAuthBearer) = sasl.mechanism else { return };
    if !sasl.shared.warned.swap(true, std::sync::atomic::Ordering::Relaxed) {
        tracing::warn!(
            mechanism = %sasl.mechanism,
            "the credentials go over connections without TLS: whoever listens can use them"
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;
    use crate::sasl::UnsecuredTokens;

    /// Counts warnings.
    #[derive(Clone, Default)]
    struct Warnings(Arc<AtomicUsize>);

    impl Subscriber for Warnings {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_secret_that_goes_out_for_all_to_read_is_warned_of_once_a_client() {
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
            assert_eq!(warnings.0.load(Ordering::Relaxed), expected, "{sasl:?}, secure: {secure}");
        }
    }
}
