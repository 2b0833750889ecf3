//! Parsers of property values: numbers, durations, sizes, switches, names. An error is the remedy in words; the caller adds
//! the name and the value.

use std::time::Duration;

use milena_connection::tls::TlsVersions;
use milena_partitioner::Partitioner;

use super::listing;

/// The remedy: a correct value, or the way to one.
pub(super) type Remedy = String;

/// `true` or `false`, in any case; librdkafka's `t`, `1`, `f` and `0` as well (`rd_kafka_anyconf_set_prop`).
pub(super) fn switch(text: &str) -> Result<bool, Remedy> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Ok(true),
        "false" | "f" | "0" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

/// A whole number that the type holds.
pub(super) fn number<T: TryFrom<u64>>(text: &str) -> Result<T, Remedy> {
    text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        "write a whole number that is not negative, and not beyond the range of the type".to_owned()
    })
}

/// Milliseconds, or a number with one of Go's units: `250`, `0.5`, `250ms`, `2s`, `1m`.
///
/// Java's largest long stands for no bound; numbers beyond the range of `Duration` are its maximum.
pub(super) fn time(text: &str) -> Result<Duration, Remedy> {
    const UNITS: [(&str, f64); 6] =
        [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3_600.0)];
    let unit = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (number, seconds) = unit.unwrap_or((text, 1e-3));
    if let Ok(millis) = number.parse::<u64>()
        && unit.is_none()
    {
        return Ok(Duration::from_millis(millis));
    }
    number
        .parse::<f64>()
        .ok()
        .filter(|number| number.is_finite() && *number >= 0.0 && number_like(text))
        .map(|number| Duration::try_from_secs_f64(number * seconds).unwrap_or(Duration::MAX))
        .ok_or_else(|| "write milliseconds, or a number with a unit such as `250ms`, `2s` or `1m`".to_owned())
}

/// Rust parses `infinity` and `1e3` as numbers too; they are no values of a property.
fn number_like(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && !text.contains(['e', 'E'])
}

/// A count, of which 0 stands for none, as in sarama.
pub(super) fn count(text: &str) -> Result<Option<u32>, Remedy> {
    Ok(Some(number(text)?).filter(|count| *count > 0))
}

/// A timeout; -1 (Java) and 0 (librdkafka) turn it off.
pub(super) fn time_or_never(text: &str) -> Result<Option<Duration>, Remedy> {
    if text == "-1" { Ok(None) } else { Ok(Some(time(text)?).filter(|time| !time.is_zero())) }
}

/// A time; 0 stands for no bound.
pub(super) fn zero_is_never(text: &str) -> Result<Duration, Remedy> {
    Ok(Some(time(text)?).filter(|time| !time.is_zero()).unwrap_or(Duration::MAX))
}

/// A time; -1 stands for no bound.
pub(super) fn negative_is_never(text: &str) -> Result<Duration, Remedy> {
    if text == "-1" { Ok(Duration::MAX) } else { time(text).and_then(at_least_a_millisecond) }
}

fn at_least_a_millisecond(time: Duration) -> Result<Duration, Remedy> {
    let is_enough = time >= Duration::from_millis(1);
    is_enough.then_some(time).ok_or_else(|| "write at least 1 ms, or -1 for never".to_owned())
}

/// The size of a buffer; -1 (Java) and 0 (librdkafka) leave it to the operating system.
pub(super) fn buffer(text: &str) -> Result<Option<usize>, Remedy> {
    if text == "-1" { Ok(None) } else { Ok(Some(bytes(text)?).filter(|size| *size > 0)) }
}

/// sarama's period of keep-alive probes, of which only the sign counts: a negative one turns them off (Go's `net.Dialer`).
pub(super) fn probes(text: &str) -> Result<bool, Remedy> {
    time(text.trim_start_matches('-')).map(|_| !text.starts_with('-'))
}

/// Bytes, or a number with a unit: `65536`, `64KiB`, `1 MB`.
pub(super) fn bytes<T: TryFrom<u64>>(text: &str) -> Result<T, Remedy> {
    const UNITS: [(&str, u64); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ];
    let unit = UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
    let (count, bytes) = unit.unwrap_or((text, 1));
    let count = count.trim_end().parse::<u64>().ok();
    count.and_then(|count| T::try_from(count.checked_mul(bytes)?).ok()).ok_or_else(|| {
        "write a number of bytes, or one with a unit such as `64KiB` or `1MB`, within the range of the type".to_owned()
    })
}

/// A time with its unit.
pub(super) fn time_with_unit(text: &str) -> Result<Duration, Remedy> {
    time(text)
        .ok()
        .filter(|_| text.ends_with(char::is_alphabetic))
        .ok_or_else(|| "write a number with a unit, such as `30s` or `250ms`".to_owned())
}

/// KiB, as librdkafka counts its queue.
pub(super) fn kibibytes(text: &str) -> Result<usize, Remedy> {
    number::<usize>(text)?.checked_mul(1_024).ok_or_else(|| "write fewer KiB".to_owned())
}

/// A number of retries; -1 is no bound, as in former versions of Java's client.
pub(super) fn retries(text: &str) -> Result<u32, Remedy> {
    if text == "-1" { Ok(u32::MAX >> 1) } else { number(text) }
}

/// The name of a partitioner, a Java class, or one of sarama's constructors.
pub(super) fn partitioner(text: &str) -> Result<Partitioner, Remedy> {
    let sarama = match text.trim_start_matches("sarama.") {
        "NewHashPartitioner" => Some(Partitioner::SaramaHash),
        "NewReferenceHashPartitioner" => Some(Partitioner::SaramaReferenceHash),
        "NewConsistentCRCHashPartitioner" => Some(Partitioner::SaramaCrc),
        "NewMurmur2Partitioner" => Some(Partitioner::SaramaMurmur2),
        "NewRandomPartitioner" => Some(Partitioner::Random),
        "NewRoundRobinPartitioner" => Some(Partitioner::RoundRobin),
        "NewManualPartitioner" => Some(Partitioner::Manual),
        _ => None,
    };
    if let Some(partitioner) = sarama {
        return Ok(partitioner);
    }
    text.parse().map_err(|_| {
        let names: Vec<_> = Partitioner::ALL.iter().map(|partitioner| partitioner.name()).collect();
        format!("write one of {}", names.join(", "))
    })
}

/// Java's list of TLS versions; versions before 1.2 are ignored.
pub(super) fn versions(text: &str) -> Result<TlsVersions, Remedy> {
    let text = listing::list(text);
    let has = |version: &str| text.split(',').any(|name| name.trim().eq_ignore_ascii_case(version));
    match (has("TLSv1.2"), has("TLSv1.3")) {
        (true, true) => Ok(TlsVersions::Both),
        (true, false) => Ok(TlsVersions::Only12),
        (false, true) => Ok(TlsVersions::Only13),
        (false, false) => Err("write `TLSv1.2`, `TLSv1.3` or both between commas".to_owned()),
    }
}

/// Whether host names of brokers go unchecked: an empty text in Java, `none` in librdkafka.
pub(super) fn identification(text: &str) -> Result<bool, Remedy> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Ok(false),
        "" | "none" => Ok(true),
        _ => Err("write `https`".to_owned()),
    }
}

/// librdkafka's source of tokens: whether it is an identity provider.
pub(super) fn method(text: &str) -> Result<bool, Remedy> {
    match text.to_ascii_lowercase().as_str() {
        "default" => Ok(false),
        "oidc" => Ok(true),
        _ => Err("write `default` or `oidc`".to_owned()),
    }
}

/// The package of Java's handlers of tokens.
const HANDLERS: &str = "org.apache.kafka.common.security.oauthbearer.";
/// Java's handler of unsecured tokens.
pub(super) const HANDLER_UNSECURED: &str = "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler";
/// Java's handler of tokens from an identity provider.
pub(super) const HANDLER_OIDC: &str =
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler";

/// Java's class of a handler of tokens: whether they come from an identity provider. The package may be left out.
pub(super) fn handler(text: &str) -> Result<bool, Remedy> {
    let is = |class: &str| text == class || Some(text) == class.strip_prefix(HANDLERS);
    let secured = text.strip_prefix(HANDLERS).unwrap_or(text) == "secured.OAuthBearerLoginCallbackHandler";
    if is(HANDLER_OIDC) || secured {
        Ok(true)
    } else if is(HANDLER_UNSECURED) {
        Ok(false)
    } else {
        Err("Java classes cannot be run: leave it out".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_a_unit_is_milliseconds() {
        assert_eq!(time("250"), Ok(Duration::from_millis(250)));
        assert_eq!(time("0.5"), Ok(Duration::from_micros(500)));
        assert_eq!(time("500us"), Ok(Duration::from_micros(500)));
        assert_eq!(time("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(2 * 60)));
        assert_eq!(time("9223372036854775807"), Ok(Duration::from_millis(i64::MAX.unsigned_abs())));
        for wrong in ["", "-1", "five", "inf", "nan", "1e3", "1d", "s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn minus_one_and_zero_turn_timeouts_and_buffer_sizes_off() {
        assert_eq!((time_or_never("-1"), time_or_never("0")), (Ok(None), Ok(None)));
        assert_eq!(time_or_never("5"), Ok(Some(Duration::from_millis(5))));
        assert_eq!((buffer("-1"), buffer("0"), buffer("7")), (Ok(None), Ok(None), Ok(Some(7))));
        assert!(time_or_never("-2").is_err() && buffer("-2").is_err());
    }

    #[test]
    fn negative_keep_alive_period_turns_probes_off() {
        assert_eq!((probes("0"), probes("15s"), probes("-1ns")), (Ok(true), Ok(true), Ok(false)));
        assert!(probes("true").is_err());
    }

    #[test]
    fn values_for_never_are_the_longest_time() {
        assert_eq!((zero_is_never("0"), negative_is_never("-1")), (Ok(Duration::MAX), Ok(Duration::MAX)));
        assert_eq!(zero_is_never("5"), Ok(Duration::from_millis(5)));
        assert!(zero_is_never("-1").is_err() && negative_is_never("0").is_err());
    }

    #[test]
    fn switches_of_librdkafka_are_parsed() {
        for (text, expected) in
            [("TRUE", true), ("t", true), ("1", true), ("false", false), ("f", false), ("0", false)]
        {
            assert_eq!(switch(text), Ok(expected), "{text}");
        }
        assert!(switch("yes").is_err() && switch("").is_err());
    }

    #[test]
    fn number_beyond_its_type_is_rejected() {
        assert_eq!(number::<u32>("7"), Ok(7));
        assert!(number::<u32>("4294967296").is_err());
        assert!(number::<usize>("-1").is_err());
        assert!(kibibytes("18446744073709551615").is_err());
    }

    #[test]
    fn bytes_are_parsed_with_and_without_a_unit() {
        assert_eq!((bytes("65536"), bytes("64KiB"), bytes("64 kB")), (Ok(65_536), Ok(65_536), Ok(64_000)));
        assert_eq!(bytes::<u64>("2GiB"), Ok(2 << 30));
        for wrong in ["", "KiB", "-1", "1.5MB", "64KIB", "4294967296", "17179869184GiB"] {
            assert!(bytes::<u32>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_partitioner_is_parsed_by_name() {
        for known in Partitioner::ALL {
            assert_eq!(partitioner(known.name()), Ok(known));
        }
        assert_eq!(partitioner("sarama.NewHashPartitioner"), Ok(Partitioner::SaramaHash));
        assert!(partitioner("murmur3").unwrap_err().contains("murmur2_random"));
    }

    #[test]
    fn tls_versions_before_1_2_are_ignored() {
        assert_eq!(versions("TLSv1.2, TLSv1.1,TLSv1"), Ok(TlsVersions::Only12));
        assert_eq!(versions("TLSv1.3"), Ok(TlsVersions::Only13));
        assert_eq!(versions("TLSv1.3,tlsv1.2"), Ok(TlsVersions::Both));
        assert_eq!(versions("[TLSv1.2, TLSv1.3]"), Ok(TlsVersions::Both));
        assert!(versions("TLSv1.1").is_err());
    }

    #[test]
    fn only_handlers_of_kafka_are_accepted() {
        let package = "org.apache.kafka.common.security.oauthbearer";
        assert_eq!(
            handler(&format!("{package}.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler")),
            Ok(false)
        );
        assert_eq!(handler(&format!("{package}.secured.OAuthBearerLoginCallbackHandler")), Ok(true));
        assert!(handler("com.example.Handler").is_err());
        assert_eq!((method("OIDC"), method("default")), (Ok(true), Ok(false)));
    }

    #[test]
    fn host_names_are_checked_unless_the_value_is_empty_or_none() {
        assert_eq!(
            (identification("HTTPS"), identification(""), identification("none")),
            (Ok(false), Ok(true), Ok(true))
        );
        assert!(identification("ldaps").is_err());
    }
}
