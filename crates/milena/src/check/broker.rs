//! The settings of one broker: its limits of a request and of a batch, and whether it creates topics.

use milena_codec::ids::ResourceType;

use super::cluster::Cluster;
use super::context::Context;
use super::report::{CheckReport, CheckStep, Finding};
use super::settings::{Described, describe};

const KEYS: [&str; 3] = ["auto.create.topics.enable", "message.max.bytes", "socket.request.max.bytes"];

/// Checks the broker of the connection.
pub(super) async fn check(cx: &Context, cluster: &mut Cluster<'_>, report: &mut CheckReport) {
    let Some(id) = cluster.broker else {
        let text = "no advertised broker was reached, which could describe its settings";
        report.add(Finding::not_checked(CheckStep::Broker, "cluster", text));
        return;
    };
    let subject = format!("broker {id}");
    let settings = match describe(&mut cluster.client, ResourceType::BROKER, &id.to_string(), &KEYS).await {
        Ok(settings) => settings,
        Err(reason) => {
            let finding = Finding::not_checked(CheckStep::Broker, &subject, reason.text("its settings"));
            report.add(finding.remedied(reason.remedy("DESCRIBE_CONFIGS on the cluster")));
            return;
        }
    };
    cluster.auto_creates = settings.get("auto.create.topics.enable").map(|value| value == "true");
    report.add(requests(cx.config.request_bytes_max, &subject, &settings));
    report.add(batches(cx.config.max_request_size, &subject, &settings));
}

/// A request above the limit closes the connection (`SocketServer`, `NetworkReceive`).
fn requests(ours: usize, subject: &str, settings: &Described) -> Finding {
    let Some(limit) = settings.number("socket.request.max.bytes") else {
        return Finding::not_checked(
            CheckStep::Broker,
            subject,
            "the broker did not return `socket.request.max.bytes`",
        );
    };
    let text = format!("`socket.request.max.bytes` is {limit}, our `request.bytes.max` is {ours}");
    match i64::try_from(ours).unwrap_or(i64::MAX) > limit {
        false => Finding::ok(CheckStep::Broker, subject, text),
        true => {
            Finding::error(CheckStep::Broker, subject, format!("{text}: the broker closes the connection"))
                .remedied("lower `request.bytes.max`, or raise the limit of the brokers")
        }
    }
}

/// The limit of topics without a limit of their own.
fn batches(ours: usize, subject: &str, settings: &Described) -> Finding {
    let Some(limit) = settings.number("message.max.bytes") else {
        return Finding::not_checked(
            CheckStep::Broker,
            subject,
            "the broker did not return `message.max.bytes`",
        );
    };
    let text = format!("`message.max.bytes` is {limit}, our `max.request.size` is {ours}");
    match i64::try_from(ours).unwrap_or(i64::MAX) > limit {
        false => Finding::ok(CheckStep::Broker, subject, text),
        true => Finding::warning(
            CheckStep::Broker,
            subject,
            format!("{text}: topics without a limit of their own reject larger records"),
        )
        .remedied("lower `max.request.size`, or raise `max.message.bytes` of the topics"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Severity;

    fn settings(name: &'static str, value: &str) -> Described {
        Described::of(&[(name, value)])
    }

    #[test]
    fn requests_above_the_limit_of_the_broker_are_an_error() {
        let found = |limit: &str| requests(1_000, "broker 1", &settings("socket.request.max.bytes", limit));
        assert_eq!(found("1000").severity(), Severity::Ok);
        assert_eq!(found("999").severity(), Severity::Error);
        assert_eq!(found("many").severity(), Severity::NotChecked);
    }

    #[test]
    fn records_above_the_default_limit_of_topics_are_a_warning() {
        let found = |limit: &str| batches(1_000, "broker 1", &settings("message.max.bytes", limit));
        assert_eq!(found("1000").severity(), Severity::Ok);
        assert_eq!(found("999").severity(), Severity::Warning);
        assert_eq!(batches(1, "broker 1", &Described::of(&[])).severity(), Severity::NotChecked);
    }
}
