//! The end of a connection, and the end of the broker's task.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use milena_connection::session::Disposition;
use milena_connection::transport::{ConnectionError, Fault};
use milena_sender::Obstacle;
use milena_sender::broker_sender::{Input, Output};

use super::BrokerTask;
use crate::driver::broker_connection::Ended;
use crate::driver::frame::Frame;
use crate::error::ConnectErrorKind;

impl BrokerTask {
    /// Works towards the orderly end of the connection, if it has begun.
    pub(super) fn go_on_ending(&mut self, now: Instant, cx: &mut Context<'_>) {
        if let Some(ended) = self.connection.poll_end(now, cx) {
            self.ended(now, ended);
            // The next one, if one is needed.
            self.listen(now, cx);
        }
    }

    pub(super) fn ended(&mut self, now: Instant, ended: Ended) {
        // A throttle time is that of a connection, and ends with it.
        self.paused_until = None;
        // Brokers close connections that are idle: news only where something has to be sent again.
        match ended.requests.len() {
            _ if !ended.was_ready => {}
            0 if self.connection.is_dormant() || self.ends_by.is_some() => {
                tracing::debug!(reason = %ended.reason, "connection: unused connection closed")
            }
            0 => tracing::info!(reason = %ended.reason, "connection: idle connection ended"),
            requests if self.ends_by.is_some() => tracing::warn!(
                endpoint = ?self.connection.endpoint(),
                requests,
                "produce: the producer closed a connection before the broker responded to all requests: their records were \
                 reported as failed and may have been written; raise close.timeout.ms where that must not be"
            ),
            requests => {
                tracing::warn!(reason = %ended.reason, requests, "connection: ended with requests in flight")
            }
        }
        if ended.unconfirmed {
            tracing::warn!(
                reason = %ended.reason,
                endpoint = ?self.connection.endpoint(),
                "produce: a connection ended before the broker confirmed that it had handled what was sent with acks=0: \
                 records may be lost; set acks=all where that must not be"
            );
        }
        let mut requests = Vec::with_capacity(ended.requests.len());
        for (Frame { request, .. }, disposition) in ended.requests {
            match disposition {
                Disposition::Written => self.hand_in(now, Input::Written(request)),
                Disposition::Unanswered => requests.push((request, true)),
                Disposition::NotSent => requests.push((request, false)),
            }
        }
        self.hand_in(now, Input::Disconnected { requests, timed_out: ended.timed_out });
        if ended.timed_out {
            let silent = self.connection.endpoint().cloned();
            self.settings.core.tell(|inbox| inbox.silent = silent);
        }
        if !self.connection.is_dormant() && self.ends_by.is_none() {
            self.unreachable(now, &ended.reason, !ended.was_ready);
        }
    }

    /// The broker cannot be used now. To the log that is news when `is_setup`, no connection came about, and it was
    /// stopped elsewhere than the time before.
    pub(super) fn unreachable(&mut self, now: Instant, error: &ConnectionError, is_setup: bool) {
        let step = error.step();
        if is_setup && self.log_once.is_new(step) {
            let step = ConnectErrorKind::from(step).name();
            tracing::warn!(reason = %error, step, "connection: broker cannot be used");
        } else {
            tracing::debug!(reason = %error, "connection: broker cannot be used");
        }
        let obstacle = Obstacle { message: error.to_string().into(), code: error.code() };
        self.connection.note_unusable(step.into(), Arc::clone(&obstacle.message), now);
        self.hand_in(now, Input::Unusable(obstacle));
        self.settings.core.tell(|inbox| inbox.broker_lost = true);
    }

    /// Fails what is left. False when that has to be tried again, because a caller holds a partition.
    fn abort(&mut self, now: Instant) -> bool {
        self.hand_in(now, Input::Abort);
        let output = self.broker_sender.poll(now, false);
        self.report();
        matches!(output, Output::Done)
    }

    /// Ends: what is left fails, then the connection ends in order, by `until` at the latest. None to go on at once.
    pub(super) fn leave(&mut self, now: Instant, until: Instant, cx: &mut Context<'_>) -> Option<Poll<()>> {
        // Responses that lie in the socket count.
        self.listen(now, cx);
        if !self.aborted {
            self.aborted = self.abort(now);
            if !self.aborted {
                cx.waker().wake_by_ref();
                return Some(Poll::Pending);
            }
        }
        let ended =
            self.connection.begin_end(until, Fault::NotNeeded).or_else(|| self.connection.poll_end(now, cx));
        if let Some(ended) = ended {
            self.ended(now, ended);
        }
        let Some(session) = self.connection.session() else { return Some(Poll::Ready(())) };
        let unwritten = session.unwritten();
        if let Err(fault) = self.connection.write(now, cx) {
            let ended = self.connection.failed(now, fault);
            ended.into_iter().for_each(|ended| self.ended(now, ended));
        }
        let wrote = unwritten && !self.connection.session().is_some_and(|session| session.unwritten());
        let rung = self.arm(now, Some(until), cx);
        let has_mail = !self.commands.sleep(cx.waker(), |commands| commands.is_empty());
        if wrote || rung || has_mail { None } else { Some(Poll::Pending) }
    }
}
