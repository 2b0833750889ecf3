//! A finding of an error of the lower crates, whose text has the remedy at its end.

use milena_connection::transport::{ConnectionError, Step};

use super::report::{CheckStep, Finding};

/// The words that begin a remedy in the texts of errors: the facts are before them. Only our own texts are cut on purpose; a
/// broker's message with such words moves the cut, and nothing is lost.
const REMEDIES: [&str; 24] = [
    ": check ",
    "; check ",
    ": write ",
    ": set ",
    ": give ",
    ": use ",
    ": name ",
    ": renew ",
    ": connect ",
    ": show ",
    ": allow ",
    ": raise ",
    ": issue ",
    ": have ",
    ": make ",
    ": install ",
    ": turn on ",
    ": build ",
    ": see ",
    ": did you mean ",
    ": typical of ",
    ": a SASL listener ",
    "; convert ",
    ": convert ",
];

impl Finding {
    /// An error of a connection, with the step that failed; `during` is the step in progress, for errors of an open connection.
    pub(super) fn of_connection(
        during: CheckStep,
        subject: impl std::fmt::Display,
        error: &ConnectionError,
    ) -> Self {
        let text = error.to_string();
        let endpoint = format!("{}: ", error.endpoint());
        let mut text = text.strip_prefix(&endpoint).unwrap_or(&text);
        // The step names the subsystem.
        for subsystem in ["TLS: ", "authentication: "] {
            text = text.strip_prefix(subsystem).unwrap_or(text);
        }
        Self::of_text(step_of(error, during), subject, text)
    }

    /// An error by its text, which may have a remedy.
    pub(super) fn of_text(step: CheckStep, subject: impl std::fmt::Display, text: &str) -> Self {
        let (facts, remedy) = split(text);
        let finding = Self::error(step, subject, facts);
        match remedy {
            Some(remedy) => finding.remedied(remedy),
            None => finding,
        }
    }
}

fn step_of(error: &ConnectionError, during: CheckStep) -> CheckStep {
    match error.step() {
        Step::Name => CheckStep::Name,
        Step::Tls => CheckStep::Tls,
        Step::Authentication => CheckStep::Sasl,
        Step::Authorization => CheckStep::Acl,
        Step::Connect if !error.fault().was_open() => CheckStep::Tcp,
        _ => during,
    }
}

/// The facts and the remedy.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let cut = REMEDIES.iter().filter_map(|words| text.find(words)).min();
    match cut.and_then(|at| Some((text.get(..at)?, text.get(at + 2..)?))) {
        Some((facts, remedy)) => (facts, Some(remedy)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use milena_connection::transport::{Fault, TlsFault};

    use super::*;

    #[test]
    fn text_is_cut_where_the_remedy_begins() {
        for (fault, facts, remedy) in [
            (Fault::NoAddress, "the host name has no address", "check its DNS entry"),
            (
                Fault::Name(io::ErrorKind::NotFound.into()),
                "the host name was not resolved (entity not found)",
                "check its spelling and the DNS of this host",
            ),
            (
                Fault::Tls(TlsFault::Expired { times: None }),
                "the broker's certificate has expired",
                "renew it, or check this host's clock",
            ),
            (
                Fault::NoResponse { timeout: Duration::from_secs(1) },
                "no response within 1s",
                "check the load of the broker, and the network",
            ),
        ] {
            let error = ConnectionError::new("a:1".parse().unwrap(), fault);
            let finding = Finding::of_connection(CheckStep::Cluster, "a:1", &error);
            assert_eq!((finding.text(), finding.remedy()), (facts, Some(remedy)));
        }
        assert_eq!(split("no remedy: none"), ("no remedy: none", None));
    }
}
