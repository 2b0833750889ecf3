//! What the director asks the cluster, one question at a time, and what it makes of the answers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use milena_codec::message::{InitProducerIdResponse, MetadataRequest, MetadataResponse};

use super::Director;
use crate::clock;
use crate::driver::line::{Line, of_cluster};
use crate::driver::startup::{gives_identity, identity_of, identity_request};
use crate::driver::trouble::Trouble;

/// What came of a question.
pub(super) enum Reply {
    Metadata(Result<MetadataResponse, Trouble>),
    Identity(Result<InitProducerIdResponse, Trouble>),
}

/// A question that is out.
pub(super) type Question = Pin<Box<dyn Future<Output = (Line, Reply)> + Send>>;

/// How long all candidates together may take to answer a question.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(30);

impl Director {
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
            self.let_idle_topics_be(now);
            let (candidates, request) = self.metadata.ask(now);
            let accept = of_cluster(self.metadata.cluster().clone());
            self.question = Some(Box::pin(async move {
                let answer =
                    line.ask::<MetadataRequest>(&candidates, &request, QUESTION_TIMEOUT, accept).await;
                (line, Reply::Metadata(answer))
            }));
        } else if self.coordinator.asks_identity() {
            let candidates = self.metadata.candidates();
            self.question = Some(Box::pin(async move {
                let answer =
                    line.ask(&candidates, &identity_request(), QUESTION_TIMEOUT, gives_identity).await;
                (line, Reply::Identity(answer))
            }));
        } else {
            self.line = Some(line);
        }
    }

    /// Takes in what came of a question.
    pub(super) fn answered(&mut self, reply: Reply) {
        let now = clock::now();
        match reply {
            Reply::Metadata(Ok(response)) => {
                if self.told[0].is_over() {
                    tracing::info!("the cluster is described again");
                }
                self.settings.core.registry.set_trouble(None);
                let changes = self.metadata.answered(response, now);
                self.take_in(changes);
            }
            Reply::Metadata(Err(reason)) => {
                match self.told[0].is_news(&reason) {
                    true => tracing::warn!(%reason, "no broker described the cluster"),
                    false => tracing::debug!(%reason, "no broker described the cluster"),
                }
                self.settings.core.registry.set_trouble(Some(reason.to_string().into()));
                let changes = self.metadata.failed(now);
                self.take_in(changes);
            }
            Reply::Identity(answer) => match answer.and_then(|response| identity_of(&response)) {
                Ok(identity) => {
                    self.identity_failures = 0;
                    self.told[1].is_over();
                    self.coordinator.identity(identity);
                }
                Err(reason) => {
                    match self.told[1].is_news(&reason) {
                        true => tracing::warn!(%reason, "no broker gave a producer id"),
                        false => tracing::debug!(%reason, "no broker gave a producer id"),
                    }
                    self.identity_not_before = Some(now + self.backoff.after(self.identity_failures));
                    self.identity_failures = self.identity_failures.saturating_add(1);
                    self.coordinator.ask_again();
                }
            },
        }
    }
}
