//! What the cluster task asks the cluster, one question at a time, and what it makes of the answers.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::message::{InitProducerIdResponse, MetadataRequest, MetadataResponse};

use super::ClusterTask;
use crate::clock;
use crate::driver::line::{Line, of_cluster};
use crate::driver::startup::{gives_identity, identity_of, identity_request, no_cluster};
use crate::driver::trouble::Trouble;

/// What came of a question.
pub(super) enum Reply {
    Metadata(Result<MetadataResponse, Trouble>),
    ProducerId(Result<InitProducerIdResponse, Trouble>),
}

/// A question that is out.
pub(super) type Question = Pin<Box<dyn Future<Output = (Line, Reply)> + Send>>;

/// How long all candidates together may take to answer a question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(30);

impl ClusterTask {
    /// Asks what is to be asked, one question at a time.
    pub(super) fn ask(&mut self) {
        let now = clock::now();
        if now >= self.relax_at {
            self.settings.core.registry.relax_limits();
            self.relax_at = now + self.settings.core.config.metadata_max_age;
        }
        let identity_is_due = self.identity_not_before.is_none_or(|not_before| now >= not_before);
        let metadata_is_due = self.metadata.due().is_some_and(|due| now >= due);
        if !metadata_is_due && !identity_is_due {
            return;
        }
        let Some(mut line) = self.line.take() else { return };
        if metadata_is_due {
            self.settings.core.registry.metadata_request_sent();
            let (candidates, request) = self.metadata.next_request();
            let accept = of_cluster(self.metadata.cluster_id().clone());
            self.question = Some(Box::pin(async move {
                let answer =
                    line.ask::<MetadataRequest>(&candidates, &request, QUESTION_TIMEOUT, accept).await;
                (line, Reply::Metadata(answer))
            }));
        } else if self.assignment.asks_identity() {
            let candidates = self.metadata.candidates();
            self.question = Some(Box::pin(async move {
                let answer =
                    line.ask(&candidates, &identity_request(), QUESTION_TIMEOUT, gives_identity).await;
                (line, Reply::ProducerId(answer))
            }));
        } else {
            self.line = Some(line);
        }
    }

    /// Takes in what came of a question.
    pub(super) fn answered(&mut self, reply: Reply) {
        let now = clock::now();
        match reply {
            Reply::Metadata(answer) => self.take_metadata(answer, now),
            Reply::ProducerId(answer) => self.take_identity(answer, now),
        }
    }

    fn take_metadata(&mut self, answer: Result<MetadataResponse, Trouble>, now: Instant) {
        let described = answer.and_then(|response| self.described(response));
        let is_answered = described.is_ok();
        match described {
            Ok(response) => {
                if self.told[0].is_over() {
                    tracing::info!("the cluster is described again");
                }
                self.settings.core.registry.set_trouble(None);
                let changes = self.metadata.on_response(response, now);
                self.take_in(changes);
            }
            Err(reason) => {
                match self.told[0].is_news(&reason) {
                    true => tracing::warn!(%reason, "no broker described the cluster"),
                    false => tracing::debug!(%reason, "no broker described the cluster"),
                }
                self.settings.core.registry.set_trouble(Some(reason.obstacle()));
                let changes = self.metadata.on_failure(now);
                self.take_in(changes);
            }
        }
        let over = self.settings.core.registry.metadata_request_over(is_answered);
        over.iter().for_each(|name| self.metadata.forget(name));
    }

    /// An answer that an error stands in instead of a description is none. After REBOOTSTRAP_REQUIRED there is more to do.
    fn described(&self, response: MetadataResponse) -> Result<MetadataResponse, Trouble> {
        match response.error_code {
            ErrorCode::NONE | ErrorCode::REBOOTSTRAP_REQUIRED => Ok(response),
            code => Err(match self.line.as_ref().and_then(Line::endpoint) {
                Some(endpoint) => no_cluster(code).at(endpoint),
                None => no_cluster(code),
            }),
        }
    }

    fn take_identity(&mut self, answer: Result<InitProducerIdResponse, Trouble>, now: Instant) {
        let shared = &self.settings.core.shared;
        match answer.and_then(|response| identity_of(&response)) {
            Ok(identity) => {
                self.identity_failures = 0;
                self.told[1].is_over();
                shared.set_no_identity(None);
                self.assignment.identity(identity);
            }
            Err(reason) => {
                match self.told[1].is_news(&reason) {
                    true => tracing::warn!(%reason, "no broker gave a producer id"),
                    false => tracing::debug!(%reason, "no broker gave a producer id"),
                }
                shared.set_no_identity(Some(reason.obstacle()));
                self.identity_not_before = Some(now + self.backoff.after(self.identity_failures));
                self.identity_failures = self.identity_failures.saturating_add(1);
                self.assignment.ask_again();
            }
        }
    }
}
