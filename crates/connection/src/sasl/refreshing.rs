//! Token refresh: a token is fetched before the old one expires, and kept as long as it is valid.
//!
//! ```text
//!          first request           80 % of its lifetime            fetched
//!  (empty) ────────────▶ kept ────────────────────────▶ refreshing ───────────▶ kept
//!                         │                               │      ▲ failed: again after a backoff,
//!                         └── request: the kept token ────┘──────┘ and the kept token is used while it is valid
//! ```
//!
//! The refresh runs in a task of its own: connections find a token at hand, and a provider that is slow or unavailable for a
//! while delays none of them. The task ends with the last handle.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use milena_backoff::{Backoff, Random, new_seed};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::token::{Token, TokenProvider};
use crate::clock;
use crate::error::TokenError;
use crate::lock::lock;

/// The times of a token refresh (`sasl.login.refresh.*`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refresh {
    /// The share of a token's lifetime after which the token is refreshed (`window.factor`), between 0 and 1.
    pub window_factor: f64,
    /// The maximum share of the lifetime that is added at random (`window.jitter`).
    pub window_jitter: f64,
    /// The minimum time between two refreshes (`min.period.seconds`).
    pub min_period: Duration,
    /// The time before a token's end at which the token is refreshed at the latest (`buffer.seconds`). Tokens with a shorter
    /// lifetime than `min_period` and `buffer` together ignore both.
    pub buffer: Duration,
    /// The wait after a failed fetch (`sasl.login.retry.backoff.ms`), doubled by each further failure, ±20 %.
    pub retry_backoff: Duration,
    /// The maximum of that wait, ±20 % (`sasl.login.retry.backoff.max.ms`).
    pub retry_backoff_max: Duration,
}

impl Default for Refresh {
    /// The defaults of Java.
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
/// Tokens without a known lifetime are not kept: each request is passed on to the provider.
///
/// ```
/// use std::sync::Arc;
/// use milena_connection::sasl::{RefreshingTokens, Sasl, UnsecuredTokens};
/// let tokens = RefreshingTokens::new(Arc::new(UnsecuredTokens::new("alice")));
/// let sasl = Sasl::oauthbearer(Arc::new(tokens));
/// ```
pub struct RefreshingTokens {
    shared: Arc<Shared>,
    /// The task that fetches and refreshes; none before the first request.
    task: Mutex<Option<AbortHandle>>,
    /// Held while a token is fetched, so that all callers wait for the same fetch.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

/// The state that the task shares with the handles.
struct Shared {
    provider: Arc<dyn TokenProvider>,
    refresh: Refresh,
    random: Mutex<Random>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Clone)]
struct Kept {
    token: Token,
    expires: Instant,
    refresh_at: Instant,
}

impl RefreshingTokens {
    /// Tokens of `provider`, refreshed with the defaults of Java.
    #[must_use]
    pub fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self::with_refresh(provider, Refresh::default())
    }

    /// Tokens of `provider`, refreshed at other times.
    #[must_use]
    pub fn with_refresh(provider: Arc<dyn TokenProvider>, refresh: Refresh) -> Self {
        let random = Mutex::new(Random::with_seed(new_seed()));
        let shared = Arc::new(Shared { provider, refresh, random, kept: Mutex::default() });
        Self { shared, task: Mutex::default(), fetching: Arc::default() }
    }

    /// The seed of the jitter; a new one for each provider unless set.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        *lock(&self.shared.random) = Random::with_seed(seed);
        self
    }

    async fn current(&self) -> Result<Token, TokenError> {
        if let Some(token) = self.shared.valid(clock::now()) {
            return Ok(token);
        }
        let fetching = Arc::clone(&self.fetching).lock_owned().await;
        // The caller that held the lock before may have fetched a token.
        if let Some(token) = self.shared.valid(clock::now()) {
            return Ok(token);
        }
        let (sender, fetched) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        // A task of its own: a caller may give up, and the next caller finds the fetched token.
        let task = tokio::spawn(async move {
            let fetched = shared.fetch().await;
            let due = fetched.as_ref().ok().and_then(|_| shared.due());
            let _ = sender.send(fetched);
            drop(fetching);
            if let Some(due) = due {
                shared.refresh(due).await;
            }
        });
        self.replace_task(task.abort_handle());
        fetched.await.unwrap_or_else(|_| Err(TokenError::new("the token provider panicked")))
    }

    fn replace_task(&self, task: AbortHandle) {
        if let Some(old) = lock(&self.task).replace(task) {
            old.abort();
        }
    }
}

impl Shared {
    /// Fetches a token, and keeps it if its lifetime is known.
    async fn fetch(&self) -> Result<Token, TokenError> {
        let token = self.provider.token().await?;
        let now = clock::now();
        let kept = token.lifetime.and_then(|lifetime| {
            let refresh_at = now.checked_add(self.refresh.after(lifetime, lock(&self.random).fraction()))?;
            Some(Kept { token: token.clone(), expires: now.checked_add(lifetime)?, refresh_at })
        });
        *lock(&self.kept) = kept;
        Ok(token)
    }

    /// The kept token, with the rest of its lifetime; none once it expired.
    fn valid(&self, now: Instant) -> Option<Token> {
        let kept = lock(&self.kept).clone()?;
        let left = kept.expires.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(Token { lifetime: Some(left), ..kept.token })
    }

    fn due(&self) -> Option<Instant> {
        lock(&self.kept).as_ref().map(|kept| kept.refresh_at)
    }

    /// Refreshes until the task is aborted, or a token has no known lifetime.
    async fn refresh(&self, mut due: Instant) {
        let Refresh { retry_backoff, retry_backoff_max, .. } = self.refresh;
        let seed = lock(&self.random).seed();
        let mut backoff = Backoff::new(retry_backoff.max(BACKOFF_MIN), retry_backoff_max, seed);
        let mut failures = 0;
        loop {
            tokio::time::sleep_until(due.into()).await;
            match self.fetch().await {
                Ok(_) => {
                    failures = 0;
                    let Some(next) = self.due() else { return };
                    due = next;
                }
                Err(error) => {
                    tracing::warn!(%error, "authentication: token refresh failed, retrying");
                    due = clock::now() + backoff.after(failures).max(BACKOFF_MIN);
                    failures = failures.saturating_add(1);
                }
            }
        }
    }
}

/// The minimum time between two token requests, whatever is configured.
pub(super) const BACKOFF_MIN: Duration = Duration::from_millis(10);

/// The longest lifetime of a token that counts: a year.
const LIFETIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

impl Refresh {
    /// The time from a token's fetch to its refresh, by the rules of Java's `ExpiringCredentialRefreshingLogin`. `jitter` is
    /// from 0 to 1.
    fn after(&self, lifetime: Duration, jitter: f64) -> Duration {
        let share = self.window_factor + self.window_jitter * jitter;
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
        let lifetime = lifetime.min(LIFETIME_MAX);
        let window = lifetime.mul_f64(share);
        let after = match lifetime.checked_sub(self.min_period.saturating_add(self.buffer)) {
            // The lifetime holds both: `min_period` is not above `lifetime - buffer`, as `clamp` requires.
            Some(_) => window.clamp(self.min_period, lifetime.saturating_sub(self.buffer)),
            None => window,
        };
        after.max(BACKOFF_MIN)
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

    /// Returns numbered tokens after a second; the requests in `fails` fail.
    #[derive(Debug)]
    struct Numbered {
        count: AtomicUsize,
        fails: std::ops::Range<usize>,
        lifetime: Option<Duration>,
        requests: Mutex<Vec<Instant>>,
    }

    impl TokenProvider for Numbered {
        fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
            let number = self.count.fetch_add(1, Ordering::Relaxed);
            lock(&self.requests).push(clock::now());
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
        let provider =
            Arc::new(Numbered { count: AtomicUsize::new(0), fails, lifetime, requests: Mutex::default() });
        (RefreshingTokens::new(Arc::clone(&provider) as Arc<dyn TokenProvider>), provider)
    }

    async fn number(tokens: &RefreshingTokens) -> usize {
        tokens.token().await.unwrap().value.expose_secret().parse().unwrap()
    }

    #[test]
    fn refresh_time_follows_the_rules_of_java() {
        let refresh = Refresh::default();
        let seconds = Duration::from_secs;
        let cases = [
            // The window alone: 80 to 85 %.
            (seconds(3600), 0.0, 2880.0),
            (seconds(3600), 1.0, 3060.0),
            // The buffer bounds it above: 300 s before the end.
            (seconds(1000), 0.0, 700.0),
            // The minimum period bounds it below: 60 s.
            (seconds(361), 0.0, 61.0),
            // Too short a lifetime for both: the window again.
            (seconds(300), 0.0, 240.0),
            (seconds(10), 1.0, 8.5),
            (Duration::ZERO, 0.0, 0.01),
            (Duration::MAX, 0.0, 0.8 * 365.0 * 24.0 * 3600.0),
            (seconds(300), f64::NAN, 300.0),
        ];
        for (lifetime, jitter, expected) in cases {
            let after = refresh.after(lifetime, jitter).as_secs_f64();
            assert!((after - expected).abs() < 0.001, "{lifetime:?}: {after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn token_is_fetched_once_for_all_callers_and_refreshed_without_a_request() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        let (first, second) = tokio::join!(number(&tokens), number(&tokens));
        assert_eq!((first, second), (0, 0));
        // The refresh is due 300 s before the end, with or without a request.
        sleep(Duration::from_secs(699)).await;
        assert_eq!(provider.count.load(Ordering::Relaxed), 1);
        sleep(Duration::from_secs(3)).await;
        assert_eq!(number(&tokens).await, 1);
        let left = tokens.token().await.unwrap().lifetime.unwrap();
        assert!(left <= LIFETIME && left > LIFETIME - Duration::from_secs(10), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn valid_token_is_used_while_its_refresh_fails() {
        let (tokens, provider) = refreshing(1..4, Some(LIFETIME));
        assert_eq!(number(&tokens).await, 0);
        sleep(Duration::from_secs(702)).await;
        assert_eq!(number(&tokens).await, 0, "the refresh failed");
        // Three failures, and waits of about 100, 200 and 400 ms between.
        sleep(Duration::from_secs(5)).await;
        assert_eq!(number(&tokens).await, 4);
        assert_eq!(provider.count.load(Ordering::Relaxed), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_refreshes_back_off_by_doubling_with_jitter_from_the_seed() {
        let waits = refresh_waits(7).await;
        for (wait, nominal) in
            waits.iter().zip([100.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 10_000.0])
        {
            let share = wait.as_secs_f64() * 1000.0 / nominal;
            assert!((0.799..=1.201).contains(&share), "{nominal} ms: {wait:?}");
        }
        assert!(waits.iter().any(|wait| wait.subsec_millis() % 100 != 0), "no jitter: {waits:?}");
        assert_eq!(refresh_waits(7).await, waits);
        assert_ne!(refresh_waits(8).await, waits);
    }

    #[tokio::test(start_paused = true)]
    async fn expired_token_is_not_returned() {
        let (tokens, _) = refreshing(1..usize::MAX, Some(LIFETIME));
        assert_eq!(number(&tokens).await, 0);
        sleep(LIFETIME + Duration::from_secs(1)).await;
        assert_eq!(tokens.token().await.unwrap_err(), TokenError::new("not now"));
    }

    #[tokio::test(start_paused = true)]
    async fn refresh_task_ends_with_the_last_handle() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        assert_eq!(number(&tokens).await, 0);
        drop(tokens);
        sleep(100 * LIFETIME).await;
        assert_eq!(provider.count.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&provider), 1, "the task holds no provider");
    }

    #[tokio::test(start_paused = true)]
    async fn token_of_unknown_lifetime_is_not_kept() {
        let (tokens, _) = refreshing(0..0, None);
        assert_eq!(number(&tokens).await, 0);
        assert_eq!(number(&tokens).await, 1);
        advance(100 * LIFETIME).await;
        assert_eq!(number(&tokens).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_request_leaves_the_token_to_the_next() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_millis(300), tokens.token()).await.is_err());
        }
        assert_eq!(number(&tokens).await, 0);
        assert_eq!(provider.count.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn fetch_ends_with_the_last_handle() {
        let (tokens, provider) = refreshing(0..0, Some(LIFETIME));
        assert!(tokio::time::timeout(Duration::from_millis(500), tokens.token()).await.is_err());
        drop(tokens);
        sleep(LIFETIME).await;
        assert_eq!(Arc::strong_count(&provider), 1, "the task holds no provider");
    }

    /// The waits between eight failed refreshes of a token, without the second that each request takes.
    async fn refresh_waits(seed: u64) -> Vec<Duration> {
        let (tokens, provider) = refreshing(1..usize::MAX, Some(LIFETIME));
        let tokens = tokens.seed(seed);
        assert_eq!(number(&tokens).await, 0);
        sleep(Duration::from_secs(750)).await;
        let requests = lock(&provider.requests).clone();
        let gaps = requests.windows(2).skip(1).take(8);
        gaps.map(|pair| pair[1] - pair[0] - Duration::from_secs(1)).collect()
    }
}
