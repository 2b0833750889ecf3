//! TLS: whether it is used, its parameters, and the days that are left of each certificate.

use milena_connection::Endpoint;
use milena_connection::tls::{CertificateDates, TlsSession};
use milena_sender::accumulator::Clock;

use super::report::{CheckStep, Finding};
use super::text::counted;
use crate::clock::SystemClock;
use crate::config::ProducerConfig;

/// A certificate that has fewer days left is a warning.
const DAYS_LEFT_MIN: u64 = 30;
const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// The findings of an open connection; none if TLS is configured and the connection was not opened.
pub(super) fn findings(
    config: &ProducerConfig,
    endpoint: &Endpoint,
    session: Option<&TlsSession>,
) -> Vec<Finding> {
    let now = u64::try_from(SystemClock.wall_ms() / 1_000).unwrap_or_default();
    match (&config.tls, session) {
        (None, _) => vec![unencrypted(config, endpoint)],
        (Some(tls), Some(session)) => {
            let mut findings = vec![verified(tls.verifies_host_name(), endpoint, session)];
            let certificates = session.certificates.iter().enumerate();
            findings.extend(certificates.map(|(index, dates)| certificate(endpoint, index, *dates, now)));
            findings
        }
        (Some(_), None) => Vec::new(),
    }
}

fn unencrypted(config: &ProducerConfig, endpoint: &Endpoint) -> Finding {
    match &config.sasl {
        Some(_) => Finding::warning(
            CheckStep::Tls,
            endpoint,
            "TLS is not configured: credentials and records are sent unencrypted",
        )
        .remedied("set `security.protocol=SASL_SSL`, and the port of a listener with TLS"),
        None => Finding::ok(CheckStep::Tls, endpoint, "TLS is not configured: records are sent unencrypted"),
    }
}

fn verified(verifies_host_name: Option<bool>, endpoint: &Endpoint, session: &TlsSession) -> Finding {
    let parameters = format!("{}, {}", session.protocol, session.cipher_suite);
    match verifies_host_name {
        Some(true) => {
            Finding::ok(CheckStep::Tls, endpoint, format!("{parameters}; chain and host name are verified"))
        }
        Some(false) => Finding::warning(
            CheckStep::Tls,
            endpoint,
            format!("{parameters}; the chain is verified, the host name is not"),
        )
        .remedied("leave `ssl.endpoint.identification.algorithm` at its default, `https`"),
        None => Finding::ok(
            CheckStep::Tls,
            endpoint,
            format!("{parameters}; a rustls configuration of the application verifies the broker"),
        ),
    }
}

/// The dates of a certificate; the broker's own has the index 0.
fn certificate(endpoint: &Endpoint, index: usize, dates: Option<CertificateDates>, now: u64) -> Finding {
    let which = match index {
        0 => "the broker's certificate".to_owned(),
        index => format!("certificate {} of its chain", index + 1),
    };
    let Some(dates) = dates else {
        return Finding::not_checked(CheckStep::Tls, endpoint, format!("{which} has no readable dates"));
    };
    let left = dates.not_after.as_secs().saturating_sub(now) / SECONDS_A_DAY;
    let days = usize::try_from(left).unwrap_or(usize::MAX);
    let text = format!("{which} is {dates} ({} left)", counted(days, "day"));
    match left {
        DAYS_LEFT_MIN.. => Finding::ok(CheckStep::Tls, endpoint, text),
        _ => Finding::warning(CheckStep::Tls, endpoint, text)
            .remedied("renew it in time: connections fail once it has expired"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::report::Severity;

    fn dates(not_after: u64) -> Option<CertificateDates> {
        Some(CertificateDates { not_before: Duration::ZERO, not_after: Duration::from_secs(not_after) })
    }

    #[test]
    fn certificate_with_less_than_30_days_left_is_a_warning() {
        let endpoint = "a:1".parse().unwrap();
        let finding = |dates| certificate(&endpoint, 0, dates, SECONDS_A_DAY);
        assert_eq!(finding(dates(31 * SECONDS_A_DAY)).severity(), Severity::Ok);
        let soon = finding(dates(31 * SECONDS_A_DAY - 1));
        assert_eq!(soon.severity(), Severity::Warning);
        assert_eq!(
            soon.text(),
            "the broker's certificate is valid until 1970-01-31 23:59:59 UTC (29 days left)"
        );
        assert_eq!(finding(None).severity(), Severity::NotChecked);
    }
}
