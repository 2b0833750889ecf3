//! The dates of an X.509 certificate (RFC 5280, 4.1), read from its DER.
//!
//! rustls and webpki compare the dates and do not return them. This reader takes the fields in front of the dates and the dates
//! alone. It allocates nothing, trusts no length, and verifies nothing: the certificates that it gets are verified.

use std::fmt;
use std::time::Duration;

use rustls::pki_types::UnixTime;

use crate::error::Utc;

/// The dates between which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateDates {
    /// The first second, since 1970 (UTC).
    pub not_before: Duration,
    /// The last second, since 1970 (UTC).
    pub not_after: Duration,
}

impl CertificateDates {
    /// Reads the dates of a certificate; none if it is malformed.
    ///
    /// ```
    /// use milena_connection::tls::CertificateDates;
    /// assert_eq!(CertificateDates::read(b"no certificate"), None);
    /// ```
    #[must_use]
    pub fn read(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = take(certificate, SEQUENCE)?;
        let (fields, _) = take(certificate, SEQUENCE)?;
        // The version is optional; serial number, signature algorithm and issuer follow.
        let fields = take(fields, VERSION).map_or(fields, |(_, rest)| rest);
        let (_, fields) = take(fields, INTEGER)?;
        let (_, fields) = take(fields, SEQUENCE)?;
        let (_, fields) = take(fields, SEQUENCE)?;
        let (validity, _) = take(fields, SEQUENCE)?;
        let (not_before, rest) = time(validity)?;
        let (not_after, _) = time(rest)?;
        Some(Self { not_before, not_after })
    }
}

/// `valid until 2026-12-31 23:59:59 UTC`.
impl fmt::Display for CertificateDates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "valid until {}", Utc(UnixTime::since_unix_epoch(self.not_after)))
    }
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0]`, explicit.
const VERSION: u8 = 0xa0;

/// The content of the first element, which must have this tag, and the bytes behind it (X.690, 8.1).
fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        // A certificate of 64 KiB or more, or a length that DER does not have.
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// A time of the validity: `YYMMDDHHMMSSZ` for 1950 to 2049, `YYYYMMDDHHMMSSZ` for the others (RFC 5280, 4.1.2.5).
fn time(bytes: &[u8]) -> Option<(Duration, &[u8])> {
    let (text, rest, year_digits) = match take(bytes, UTC_TIME) {
        Some((text, rest)) => (text, rest, 2),
        None => take(bytes, GENERALIZED_TIME).map(|(text, rest)| (text, rest, 4))?,
    };
    let (digits, [b'Z']) = text.split_at_checked(year_digits + 10)? else { return None };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    let (year, rest_of_time) = digits.split_at(year_digits);
    let year = match (year_digits, number(year)) {
        (2, year @ 0..50) => 2_000 + year,
        (2, year) => 1_900 + year,
        (_, year) => year,
    };
    let [month, day, hour, minute, second] =
        std::array::from_fn(|index| number(&rest_of_time[2 * index..2 * index + 2]));
    let seconds = (days_since_1970(year, month, day)? * 24 + hour) * 3_600 + minute * 60 + second;
    Some((Duration::from_secs(seconds), rest))
}

/// The days from 1970-01-01 to a date; 0 for a date before. None for a month or a day that does not exist in any year.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The year begins in March, so that the leap day is last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year;
    Some(days.saturating_sub(719_468))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn certificate(name: &str) -> CertificateDer<'static> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/certificates/");
        CertificateDer::from_pem_file(format!("{folder}{name}")).unwrap()
    }

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    /// The seconds of the second of two times.
    fn seconds(tag: u8, text: &str) -> Option<u64> {
        let times = [element(UTC_TIME, b"700101000000Z"), element(tag, text.as_bytes())].concat();
        let fields = [
            element(INTEGER, &[1]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &[]),
            element(SEQUENCE, &times),
        ];
        let certificate = element(SEQUENCE, &element(SEQUENCE, &fields.concat()));
        CertificateDates::read(&certificate).map(|dates| dates.not_after.as_secs())
    }

    #[test]
    fn dates_of_a_certificate_are_read() {
        let dates = CertificateDates::read(&certificate("server-expired.pem")).unwrap();
        assert!(dates.not_before < dates.not_after);
        let valid = CertificateDates::read(&certificate("server.pem")).unwrap();
        assert!(dates.not_after < valid.not_after);
    }

    #[test]
    fn both_forms_of_a_time_are_read() {
        assert_eq!(seconds(UTC_TIME, "700101000001Z"), Some(1));
        assert_eq!(seconds(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(seconds(GENERALIZED_TIME, "20000229123456Z"), Some(951_827_696));
        assert_eq!(seconds(GENERALIZED_TIME, "21000301000000Z"), Some(4_107_542_400));
        assert_eq!(seconds(UTC_TIME, "500101000000Z"), Some(0));
        for wrong in ["20000229123456", "20001329123456Z", "200002291234567Z", "2000022912345xZ", ""] {
            assert_eq!(seconds(GENERALIZED_TIME, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn truncated_certificate_has_no_dates_and_reads_without_a_panic() {
        let whole = certificate("server.pem");
        let shortest = (0..whole.len()).filter(|bytes| CertificateDates::read(&whole[..*bytes]).is_some());
        assert_eq!(shortest.count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, at in 0..400_usize, byte: u8) {
            let _ = CertificateDates::read(&bytes);
            let mut changed = certificate("server.pem").to_vec();
            let at = at % changed.len();
            changed[at] = byte;
            let _ = CertificateDates::read(&changed);
        }
    }
}
