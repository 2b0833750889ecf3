//! How the value of a property is read: numbers, times, sizes, switches. An error is the remedy in words; the caller
//! adds the name and the value.

use std::time::Duration;

use milena_partitioner::Partitioner;

use super::options::{Acks, Driver, MetadataRecovery};

/// What to write instead.
pub(super) type Remedy = String;

/// `true` or `false`, in any case.
pub(super) fn switch(text: &str) -> Result<bool, Remedy> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("write `true` or `false`".to_owned()),
    }
}

/// The same, where nothing is a third answer.
pub(super) fn switch_some(text: &str) -> Result<Option<bool>, Remedy> {
    switch(text).map(Some)
}

/// A whole number that the type holds.
pub(super) fn number<T: TryFrom<u64>>(text: &str) -> Result<T, Remedy> {
    text.parse::<u64>().ok().and_then(|number| T::try_from(number).ok()).ok_or_else(|| {
        "write a whole number that is not negative, and not beyond the range of the type".to_owned()
    })
}

/// Milliseconds, or a number with one of Go's units: `250`, `0.5`, `250ms`, `2s`, `1m`.
///
/// Java writes its largest long for "for ever"; what is beyond a duration is the longest one.
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

/// Rust reads `infinity` and `1e3` as numbers too; a property does not mean them.
fn number_like(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.') && !text.contains(['e', 'E'])
}

/// Any text.
#[expect(clippy::unnecessary_wraps, reason = "every reader of a value has this shape")]
pub(super) fn text(text: &str) -> Result<String, Remedy> {
    Ok(text.to_owned())
}

/// A count, of which 0 stands for none, as in sarama.
pub(super) fn count(text: &str) -> Result<Option<u32>, Remedy> {
    Ok(Some(number(text)?).filter(|count| *count > 0))
}

/// A time after which something ends; -1 (Java) and 0 (librdkafka) are for never.
pub(super) fn time_or_never(text: &str) -> Result<Option<Duration>, Remedy> {
    if text == "-1" { Ok(None) } else { Ok(Some(time(text)?).filter(|time| !time.is_zero())) }
}

/// The size of a buffer; -1 (Java) and 0 (librdkafka) leave it to the operating system.
pub(super) fn buffer(text: &str) -> Result<Option<usize>, Remedy> {
    if text == "-1" { Ok(None) } else { Ok(Some(bytes(text)?).filter(|size| *size > 0)) }
}

/// sarama's period of the probes, of which only the sign is taken: below 0 there are none (Go's `net.Dialer`).
pub(super) fn probes(text: &str) -> Result<bool, Remedy> {
    time(text.trim_start_matches('-')).map(|_| !text.starts_with('-'))
}

/// `rebootstrap` or `none`, in any case.
pub(super) fn recovery(text: &str) -> Result<MetadataRecovery, Remedy> {
    match text.to_ascii_lowercase().as_str() {
        "rebootstrap" => Ok(MetadataRecovery::Rebootstrap),
        "none" => Ok(MetadataRecovery::None),
        _ => Err("write `rebootstrap` or `none`".to_owned()),
    }
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

/// A time that says its unit.
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

/// Java's, librdkafka's and sarama's names.
pub(super) fn acks(text: &str) -> Result<Acks, Remedy> {
    match text {
        "all" | "-1" | "WaitForAll" => Ok(Acks::All),
        "1" | "WaitForLocal" => Ok(Acks::Leader),
        "0" | "NoResponse" => Ok(Acks::None),
        _ => Err("write `all`, `1` or `0`".to_owned()),
    }
}

/// How often to try again; -1 is without end, as Java once had it.
pub(super) fn retries(text: &str) -> Result<u32, Remedy> {
    if text == "-1" { Ok(u32::MAX >> 1) } else { number(text) }
}

/// The name of a family, a Java class, or one of sarama's constructors.
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

/// What runs the input and output.
pub(super) fn driver(text: &str) -> Result<Driver, Remedy> {
    match text {
        "task" => Ok(Driver::Task),
        "thread" => Ok(Driver::Thread),
        _ => Err("write `task` or `thread`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_milliseconds_unless_it_has_a_unit() {
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
    fn never_and_the_systems_choice_are_minus_one_or_nought() {
        assert_eq!((time_or_never("-1"), time_or_never("0")), (Ok(None), Ok(None)));
        assert_eq!(time_or_never("5"), Ok(Some(Duration::from_millis(5))));
        assert_eq!((buffer("-1"), buffer("0"), buffer("7")), (Ok(None), Ok(None), Ok(Some(7))));
        assert!(time_or_never("-2").is_err() && buffer("-2").is_err());
    }

    #[test]
    fn a_period_of_probes_turns_them_on_unless_it_is_negative() {
        assert_eq!((probes("0"), probes("15s"), probes("-1ns")), (Ok(true), Ok(true), Ok(false)));
        assert!(probes("true").is_err());
    }

    #[test]
    fn a_number_is_refused_where_its_type_would_cut_it() {
        assert_eq!(number::<u32>("7"), Ok(7));
        assert!(number::<u32>("4294967296").is_err());
        assert!(number::<usize>("-1").is_err());
        assert!(kibibytes("18446744073709551615").is_err());
    }

    #[test]
    fn bytes_may_have_a_unit() {
        assert_eq!((bytes("65536"), bytes("64KiB"), bytes("64 kB")), (Ok(65_536), Ok(65_536), Ok(64_000)));
        assert_eq!(bytes::<u64>("2GiB"), Ok(2 << 30));
        for wrong in ["", "KiB", "-1", "1.5MB", "64KIB", "4294967296", "17179869184GiB"] {
            assert!(bytes::<u32>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_name_of_a_partitioner_is_known() {
        for known in Partitioner::ALL {
            assert_eq!(partitioner(known.name()), Ok(known));
        }
        assert_eq!(partitioner("sarama.NewHashPartitioner"), Ok(Partitioner::SaramaHash));
        assert!(partitioner("murmur3").unwrap_err().contains("murmur2_random"));
    }
}
