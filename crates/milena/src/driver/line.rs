//! The control connection: one broker after the other is asked, until one answers.
//!
//! It is apart from the connections that carry records, so that a leader that is slow or stuck never delays finding
//! its successor.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::message::{MetadataResponse, ProduceRequest, Request};
use milena_connection::Endpoint;
use milena_connection::control::Control;
use milena_connection::metadata::ClusterId;
use milena_connection::session::SessionConfig;
use tokio::time::{sleep_until, timeout};

use super::settings::Settings;
use super::throttle::{Throttling, throttle};
use super::trouble::Trouble;
use super::versioned::Versioned;
use crate::clock;
use crate::error::ConnectErrorKind;

/// How long a question waits for its answer at most: another broker can be asked as well.
const ANSWER_TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// How long each of several brokers is waited for at first: a hung one must not keep the others from being asked. When
/// none of them answered, those that were slow are asked once more, and with more time.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks brokers.
#[derive(Debug)]
pub(super) struct Line {
    settings: Arc<Settings>,
    control: Option<Control>,
    /// A broker that let a request time out: whoever hangs there would hang here as well. It is asked last, until it
    /// answers.
    avoided: Option<Endpoint>,
    /// The broker on the control connection wants to be asked nothing until then (KIP-219).
    paused_until: Option<Instant>,
    /// Where another cluster answered last, which was told to the log.
    foreign: Option<Endpoint>,
    /// Only brokers are asked that speak a version of Produce.
    pub(super) needs_produce: bool,
}

impl Line {
    pub(super) const fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            control: None,
            avoided: None,
            paused_until: None,
            foreign: None,
            needs_produce: false,
        }
    }

    /// Asks the broker that answered last, then the candidates in turn: each shortly, and those that took their time once
    /// more, each with its share of what is left of `within`. Whose answer is not accepted is hung up on, and the next
    /// one is asked.
    ///
    /// # Errors
    /// What each of them had to say.
    pub(super) async fn ask<R: Request<Response: Throttling + Versioned>>(
        &mut self,
        candidates: &[Endpoint],
        request: &R,
        within: Duration,
        accept: impl Fn(&Endpoint, &R::Response) -> Result<(), Trouble>,
    ) -> Result<R::Response, Trouble> {
        let started = clock::now();
        self.respect_pause(candidates, within).await;
        let asked = candidates.len() + usize::from(self.control.is_some());
        let share = share_of(within, asked);
        let patience = if asked > 1 { share.min(PATIENCE) } else { share };
        let mut troubles = Trouble::default();
        if let Some(mut control) = self.control.take() {
            let answer = call(&mut control, request, patience).await;
            match answer.and_then(|answer| self.accepted(control.endpoint(), answer, &accept)) {
                Ok(response) => {
                    self.control = Some(control);
                    self.note_pause(&response);
                    return Ok(response);
                }
                Err(trouble) => troubles = troubles.and(trouble),
            }
            if clock::now() - started >= patience / 2 {
                self.avoided = Some(control.endpoint().clone());
            }
        }
        let (last, first): (Vec<_>, Vec<_>) =
            candidates.iter().partition(|endpoint| self.avoided.as_ref() == Some(*endpoint));
        let mut slow = Vec::new();
        for endpoint in first.into_iter().chain(last) {
            let began = clock::now();
            match self.ask_at(endpoint, request, patience, &accept).await {
                Ok(response) => return Ok(response),
                Err(_) if patience < share && clock::now() - began >= patience / 2 => slow.push(endpoint),
                Err(trouble) => troubles = troubles.and(trouble),
            }
        }
        let share = share_of(within.saturating_sub(clock::now() - started), slow.len());
        for endpoint in slow {
            match self.ask_at(endpoint, request, share, &accept).await {
                Ok(response) => return Ok(response),
                Err(trouble) => troubles = troubles.and(trouble),
            }
        }
        Err(troubles)
    }

    /// Who answered last, unless it hung up since.
    pub(super) fn endpoint(&self) -> Option<&Endpoint> {
        self.control.as_ref().map(Control::endpoint)
    }

    /// The next question goes to a broker that is chosen anew. Tells where the last one was asked.
    pub(super) fn hang_up(&mut self) -> Option<Endpoint> {
        self.control.take().map(|control| control.endpoint().clone())
    }

    /// The next question goes to another broker than the one that listens there, if there is another.
    pub(super) fn avoid(&mut self, endpoint: Endpoint) {
        self.control.take_if(|control| *control.endpoint() == endpoint);
        self.avoided = Some(endpoint);
    }

    async fn ask_at<R: Request<Response: Throttling + Versioned>>(
        &mut self,
        endpoint: &Endpoint,
        request: &R,
        within: Duration,
        accept: &impl Fn(&Endpoint, &R::Response) -> Result<(), Trouble>,
    ) -> Result<R::Response, Trouble> {
        let asking = open_and_ask(&self.settings, endpoint, request, within, self.needs_produce);
        let Ok(asked) = timeout(within, asking).await else { return Err(no_answer(endpoint, within)) };
        let (control, response) = asked?;
        let response = self.accepted(endpoint, response, accept)?;
        self.control = Some(control);
        self.note_pause(&response);
        self.avoided.take_if(|avoided| avoided == endpoint);
        Ok(response)
    }

    /// Takes note of the pause that an answer asks for.
    fn note_pause(&mut self, answer: &impl Throttling) {
        let pause = throttle(answer.throttle_ms());
        self.paused_until = pause.map(|pause| clock::now() + pause);
    }

    /// Leaves a broker alone that asked for a pause: another one is asked meanwhile, if there is one.
    async fn respect_pause(&mut self, candidates: &[Endpoint], within: Duration) {
        let now = clock::now();
        let Some(until) = self.paused_until.filter(|until| *until > now) else { return };
        let Some(control) = &self.control else { return };
        if candidates.iter().any(|candidate| candidate != control.endpoint()) {
            self.avoided = self.hang_up();
        } else {
            sleep_until((until.min(now + within / 2)).into()).await;
        }
    }

    /// Lets an answer pass that is accepted.
    fn accepted<A>(
        &mut self,
        endpoint: &Endpoint,
        answer: A,
        accept: &impl Fn(&Endpoint, &A) -> Result<(), Trouble>,
    ) -> Result<A, Trouble> {
        let Err(trouble) = accept(endpoint, &answer) else { return Ok(answer) };
        if trouble.is_foreign() && self.foreign.as_ref() != Some(endpoint) {
            tracing::error!(reason = %trouble, "metadata: ignoring a response of another cluster (cluster id mismatch)");
            self.foreign = Some(endpoint.clone());
        }
        Err(trouble)
    }
}

/// Any answer will do.
pub(super) fn any<A>(_: &Endpoint, _: &A) -> Result<(), Trouble> {
    Ok(())
}

/// Answers about the cluster that is known, not about another one.
pub(super) fn of_cluster(cluster: ClusterId) -> impl Fn(&Endpoint, &MetadataResponse) -> Result<(), Trouble> {
    move |endpoint, response| {
        cluster.check(response.cluster_id.as_deref()).map_err(|error| Trouble::from((endpoint, error)))
    }
}

/// What each of so many has of the time.
fn share_of(within: Duration, asked: usize) -> Duration {
    within / u32::try_from(asked).unwrap_or(u32::MAX).max(1)
}

async fn open_and_ask<R: Request<Response: Versioned>>(
    settings: &Settings,
    endpoint: &Endpoint,
    request: &R,
    within: Duration,
    needs_produce: bool,
) -> Result<(Control, R::Response), Trouble> {
    let setup = a_little_less(within).min(settings.core.config.socket_setup_timeout);
    let stream = match timeout(within, settings.connector.connect(endpoint, setup)).await {
        Ok(dialled) => dialled?,
        Err(_) => {
            let said = format_args!("{endpoint}: no connection within {within:?}");
            return Err(Trouble::new(ConnectErrorKind::Unreachable, said).unreached());
        }
    };
    let session = Arc::new(session(&settings.session, within));
    let mut control = Control::greet(stream, endpoint.clone(), session).await?;
    if needs_produce {
        control.check::<ProduceRequest>()?;
    }
    let response = call(&mut control, request, within).await?;
    Ok((control, response))
}

/// A session that gives up a little before its time is over, and can say what it waited for.
fn session(common: &SessionConfig, within: Duration) -> SessionConfig {
    let longest = common.request_timeout.min(ANSWER_TIMEOUT_MAX);
    SessionConfig {
        request_timeout: a_little_less(within).clamp(Duration::from_millis(1), longest),
        ..common.clone()
    }
}

fn a_little_less(within: Duration) -> Duration {
    Duration::from_millis(u64::try_from(within.as_millis()).unwrap_or(u64::MAX) / 10 * 9)
}

async fn call<R: Request<Response: Versioned>>(
    control: &mut Control,
    request: &R,
    within: Duration,
) -> Result<R::Response, Trouble> {
    match timeout(within, control.call(request)).await {
        Ok(answered) => {
            let mut response = answered.map_err(Trouble::from)?;
            let version = control.versions().and_then(|versions| versions.pick::<R>());
            response.keep_what_counts(version.unwrap_or_default());
            Ok(response)
        }
        Err(_) => Err(no_answer(control.endpoint(), within)),
    }
}

fn no_answer(endpoint: &Endpoint, within: Duration) -> Trouble {
    Trouble::new(ConnectErrorKind::Timeout, format_args!("{endpoint}: no answer within {within:?}"))
}
