//! The control connection: one broker after the other is asked, until one answers.
//!
//! It is apart from the connections that carry records, so that a leader that is slow or stuck never delays finding
//! its successor.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use milena_codec::message::Request;
use milena_connection::Endpoint;
use milena_connection::control::{CallError, Control};
use milena_connection::session::SessionConfig;
use tokio::time::timeout;

use super::settings::Settings;

/// How long a question waits for its answer at most: another broker can be asked as well.
const ANSWER_TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// Asks brokers.
#[derive(Debug)]
pub(super) struct Line {
    settings: Arc<Settings>,
    session: Arc<SessionConfig>,
    control: Option<Control>,
}

impl Line {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let session = SessionConfig {
            request_timeout: settings.session.request_timeout.min(ANSWER_TIMEOUT_MAX),
            ..(*settings.session).clone()
        };
        Self { settings, session: Arc::new(session), control: None }
    }

    /// Asks the broker that answered last, or the candidates in turn; `within` is for all of them.
    ///
    /// # Errors
    /// What each of them had to say.
    pub(super) async fn ask<R: Request>(
        &mut self,
        candidates: &[Endpoint],
        request: &R,
        within: Duration,
    ) -> Result<R::Response, String> {
        let mut reasons = String::new();
        if let Some(mut control) = self.control.take() {
            match timeout(within, control.call(request)).await {
                Ok(Ok(response)) => {
                    self.control = Some(control);
                    return Ok(response);
                }
                Ok(Err(error)) => note(&mut reasons, &error),
                Err(_) => note(&mut reasons, &format_args!("{}: no answer", control.endpoint())),
            }
        }
        let share = within / u32::try_from(candidates.len()).unwrap_or(u32::MAX).max(1);
        for endpoint in candidates {
            match timeout(share, self.ask_at(endpoint, request)).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(reason)) => note(&mut reasons, &reason),
                Err(_) => note(&mut reasons, &format_args!("{endpoint}: no answer within {share:?}")),
            }
        }
        Err(reasons)
    }

    /// The next question goes to a broker that is chosen anew.
    pub(super) fn hang_up(&mut self) {
        self.control = None;
    }

    async fn ask_at<R: Request>(&mut self, endpoint: &Endpoint, request: &R) -> Result<R::Response, String> {
        let connector = Arc::clone(&self.settings.connector);
        let opened = Control::open(&*connector, endpoint, Arc::clone(&self.session)).await;
        let mut control = opened.map_err(|error| error.to_string())?;
        let response = control.call(request).await.map_err(|error: CallError| error.to_string())?;
        self.control = Some(control);
        Ok(response)
    }
}

fn note(reasons: &mut String, reason: &dyn std::fmt::Display) {
    let separator = if reasons.is_empty() { "" } else { "; " };
    // Writing to a string does not fail.
    let _ = write!(reasons, "{separator}{reason}");
}
