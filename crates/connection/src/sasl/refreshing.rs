//! Tokens that are fetched before they are needed, and kept as long as they are good.
//!
//! ```text
//!           first asked              80 % of its life                fetched
//!  (empty) ────────────▶ kept ────────────────────────▶ refreshing ───────────▶ kept
//!                         │                               │      ▲ failed: again after a backoff,
//!                         └── asked: the kept token ──────┘──────┘ and the kept one serves on while it is good
//! ```
//!
//! The refreshing is a task of its own: connections find a token at hand, and a giver of tokens that is slow or away
//! for a while delays none of them. The task ends with the last handle.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::token::{Token, TokenError, TokenProvider};
use crate::clock;

/// When tokens are refreshed (`sasl.login.refresh.*`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refresh {
    /// At this share of a token's life (`window.factor`), between 0 and 1.
    pub window_factor: f64,
    /// Plus at most this share of it, by chance (`window.jitter`).
    pub window_jitter: f64,
    /// Not sooner after the last one than this (`min.period.seconds`).
    pub min_period: Duration,
    /// And not later than this before its end (`buffer.seconds`). Tokens that live shorter than this and the one above
    /// together know neither.
    pub buffer: Duration,
    /// How long to wait after a fetch that failed (`sasl.login.retry.backoff.ms`), doubled each time.
    pub retry_backoff: Duration,
    /// The longest such wait (`sasl.login.retry.backoff.max.ms`).
    pub retry_backoff_max: Duration,
}

impl Default for Refresh {
    /// Java's.
    fn default() -> Self {
        Self {
            window_factor: 0.8,
            window_jitter: 0.05,
            min_period: Duration::from_secs(60),
            buffer: Duration::from_secs(300),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(10),
        }
    }
}

/// Keeps the token of another provider, and refreshes it in the background.
///
/// Tokens whose lifetime is not known are not kept: each question is passed on.
///
/// ```
/// use std::sync::Arc;
/// use milena_connection::sasl::{RefreshingTokens, Sasl, UnsecuredTokens};
/// let tokens = RefreshingTokens::new(Arc::new(UnsecuredTokens::new("alice")));
/// let sasl = Sasl::oauthbearer(Arc::new(tokens));
/// ```
pub struct RefreshingTokens {
    shared: Arc<Shared>,
    /// The task that fetches and refreshes; none before somebody asks.
    task: Mutex<Option<AbortHandle>>,
    /// Held while a token is fetched for who waits for one, so that all of them wait for the same.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// What the task needs.
struct Shared {
    provider: Arc<dyn TokenProvider>,
    refresh: Refresh,
    kept: Mutex<Option<Kept>>,
}

#[derive(Clone)]
struct Kept {
    token: Token,
    /// Good until then.
    expires: Instant,
    refresh_at: Instant,
}

impl RefreshingTokens {
    /// Tokens of `provider`, refreshed as Java does it.
    #[must_use]
    pub fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self::with_refresh(provider, Refresh::default())
    }

    /// The same, refreshed at other times.
    #[must_use]
    pub fn with_refresh(provider: Arc<dyn TokenProvider>, refresh: Refresh) -> Self {
        let shared = Arc::new(Shared { provider, refresh, kept: Mutex::default() });
        Self { shared, task: Mutex::default(), fetching: Arc::default() }
    }

    async fn current(&self) -> Result<Token, TokenError> {
        if let Some(token) = self.shared.good(clock::now()) {
            return Ok(token);
        }
        let fetching = Arc::clone(&self.fetching).lock_owned().await;
        // Who held the lock before may have fetched it.
        if let Some(token) = self.shared.good(clock::now()) {
            return Ok(token);
        }
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        // A task of its own: who asked may give up, and the next one finds what was fetched for him.
        let task = tokio::spawn(async move {
            let fetched = shared.fetch().await;
            let due = fetched.as_ref().ok().and_then(|_| shared.due());
            let _ = tell.send(fetched);
            drop(fetching);
            if let Some(due) = due {
                shared.refresh(due).await;
            }
        });
        self.run(task.abort_handle());
        told.await.unwrap_or_else(|_| Err(TokenError::new("the provider of tokens panicked")))
    }

    /// This task is the one from now on.
    fn run(&self, task: AbortHandle) {
        let mut running = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = running.replace(task) {
            old.abort();
        }
    }
}

impl Shared {
    /// Fetches a token and keeps it, if it says for how long.
    async fn fetch(&self) -> Result<Token, TokenError> {
        let token = self.provider.token().await?;
        let now = clock::now();
        let kept = token.lifetime.and_then(|lifetime| {
            let refresh_at = now.checked_add(self.refresh.after(lifetime, chance()))?;
            Some(Kept { token: token.clone(), expires: now.checked_add(lifetime)?, refresh_at })
        });
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(token)
    }

    /// The kept token, with what is left of its life; none when that is over.
    fn good(&self, now: Instant) -> Option<Token> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let left = kept.expires.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(Token { lifetime: Some(left), ..kept.token })
    }

    fn due(&self) -> Option<Instant> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|kept| kept.refresh_at)
    }

    /// Refreshes for ever, or until tokens live for ever.
    async fn refresh(&self, mut due: Instant) {
        let mut backoff = self.refresh.retry_backoff;
        loop {
            tokio::time::sleep_until(due.into()).await;
            match self.fetch().await {
                Ok(_) => {
                    backoff = self.refresh.retry_backoff;
                    let Some(next) = self.due() else { return };
                    due = next;
                }
                Err(error) => {
                    tracing::warn!(%error, "a token could not be refreshed");
                    due = clock::now() + backoff.max(BACKOFF_MIN);
                    backoff = (backoff * 2).min(self.refresh.retry_backoff_max);
                }
            }
        }
    }
}

/// Whatever is configured: no token is asked for more often than that.
const BACKOFF_MIN: Duration = Duration::from_millis(10);

/// A year: no token is left alone for longer.
const LIFETIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

impl Refresh {
    /// How long after its fetch a token is to be refreshed; `chance` from 0 to 1. The rules are those of Java's
    /// `ExpiringCredentialRefreshingLogin`.
    fn after(&self, lifetime: Duration, chance: f64) -> Duration {
        let share = self.window_factor + self.window_jitter * chance;
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
        let lifetime = lifetime.min(LIFETIME_MAX);
        let window = lifetime.mul_f64(share);
        let after = match lifetime.checked_sub(self.min_period.saturating_add(self.buffer)) {
            // The latest is not before the soonest.
            Some(_) => window.clamp(self.min_period, lifetime.saturating_sub(self.buffer)),
            None => window,
        };
        after.max(BACKOFF_MIN)
    }
}

/// From 0 to 1. Without random numbers, the middle.
fn chance() -> f64 {
    let mut random = [0; 2];
    match getrandom::fill(&mut random) {
        Ok(()) => f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX),
        Err(_) => 0.5,
    }
}

impl TokenProvider for RefreshingTokens {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(self.current())
    }
}

impl Drop for RefreshingTokens {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl fmt::Debug for RefreshingTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingTokens").field("provider", &self.shared.provider).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use secrecy::ExposeSecret;
    use tokio::time::{advance, sleep};

    use super::*;

    /// Gives out numbered tokens that live for 1 000 s, after a second; those in `fails` fail.
    #[derive(Debug)]
    struct Numbered {
        count: AtomicUsize,
        fails: std::ops::Range<usize>,
        lifetime: Option<Duration>,
    }

    impl TokenProvider for Numbered {
        fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
            let number = self.count.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                sleep(Duration::from_secs(1)).await;
                match self.fails.contains(&number) {
                    true => Err(TokenError::new("not now")),
                    false => Ok(Token {
                        value: number.to_string().into(),
                        lifetime: self.lifetime,
                        extensions: Vec::new(),
                    }),
                }
            })
        }
    }

    const LIFETIME: Duration = Duration::from_secs(1000);

    fn refreshing(
        fails: std::ops::Range<usize>,
        lifetime: Option<Duration>,
    ) -> (RefreshingTokens, Arc<Numbered>) {
        let provider = Arc::new(Numbered { count: AtomicUsize::new(0), fails, lifetime });
        (RefreshingTokens::new(Arc::clone(&provider) as Arc<dyn TokenProvider>), provider)
    }

    async fn number(tokens: &RefreshingTokens) -> usize {
        tokens.token().await.unwrap().value.expose_secret().parse().unwrap()
    }

    #[test]
    fn tokens_are_refreshed_when_java_refreshes_them() {
        let refresh = Refresh::default();
        let seconds = Duration::from_secs;
        let cases = [
            // The window alone: 80 to 85 %.
            (seconds(3600), 0.0, 2880.0),
            (seconds(3600), 1.0, 3060.0),
            // The buffer is first: 300 s before the end.
            (seconds(1000), 0.0, 700.0),
            // The period is last: not before 60 s.
            (seconds(361), 0.0, 61.0),
            // Too short a life for both: the window again.
            (seconds(300), 0.0, 240.0),
            (seconds(10), 1.0, 8.5),
            (Duration::ZERO, 0.0, 0.01),
            (Duration::MAX, 0.0, 0.8 * 365.0 * 24.0 * 3600.0),
            (seconds(300), f64::NAN, 300.0),
        ];
        for (lifetime, chance, expected) in cases {
            let after = refresh.after(lifetime, chance).as_secs_f64();
            assert!((after - expected).abs() < 0.001, "{lifetime:?}: {after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_fetched_once_for_all_and_refreshed_before_anybody_asks() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        let (first, second) = tokio::join!(number(&tokens), number(&tokens));
        assert_eq!((first, second), (0, 0));
        // It is refreshed 300 s before its end, whether anybody asks or not.
        sleep(Duration::from_secs(699)).await;
        assert_eq!(provider.count.load(Ordering::Relaxed), 1);
        sleep(Duration::from_secs(3)).await;
        assert_eq!(number(&tokens).await, 1);
        let left = tokens.token().await.unwrap().lifetime.unwrap();
        assert!(left <= LIFETIME && left > LIFETIME - Duration::from_secs(10), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_good_token_serves_on_while_its_refresh_fails() {
        let (tokens, provider) = refreshing(1..4, Some(LIFETIME));
        assert_eq!(number(&tokens).await, 0);
        sleep(Duration::from_secs(702)).await;
        assert_eq!(number(&tokens).await, 0, "the refresh failed");
        // Three failures, and waits of 100, 200 and 400 ms between.
        sleep(Duration::from_secs(5)).await;
        assert_eq!(number(&tokens).await, 4);
        assert_eq!(provider.count.load(Ordering::Relaxed), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_over_is_not_given_out() {
        let (tokens, _) = refreshing(1..usize::MAX, Some(LIFETIME));
        assert_eq!(number(&tokens).await, 0);
        sleep(LIFETIME + Duration::from_secs(1)).await;
        assert_eq!(tokens.token().await.unwrap_err(), TokenError::new("not now"));
    }

    #[tokio::test(start_paused = true)]
    async fn refreshing_ends_with_the_last_handle() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        assert_eq!(number(&tokens).await, 0);
        drop(tokens);
        sleep(100 * LIFETIME).await;
        assert_eq!(provider.count.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&provider), 1, "nobody holds it");
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_of_unknown_lifetime_are_not_kept() {
        let (tokens, _) = refreshing(0..0, None);
        assert_eq!(number(&tokens).await, 0);
        assert_eq!(number(&tokens).await, 1);
        advance(100 * LIFETIME).await;
        assert_eq!(number(&tokens).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_leaves_the_token_to_the_next() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_millis(300), tokens.token()).await.is_err());
        }
        assert_eq!(number(&tokens).await, 0);
        assert_eq!(provider.count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fetch_ends_with_the_last_handle_as_well() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        assert!(tokio::time::timeout(Duration::from_millis(500), tokens.token()).await.is_err());
        drop(tokens);
        sleep(LIFETIME).await;
        assert_eq!(Arc::strong_count(&provider), 1, "nobody holds it");
    }
}
