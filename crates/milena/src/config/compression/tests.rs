//! Every name and value of compression, alone and beside others: the effective codec and level, or the error.

use super::Compression::{self, Gzip, Lz4, Snappy, Zstd};
use crate::config::{ProducerBuilder, ProducerConfig, Support};
use crate::error::ConfigError;

const NONE: Compression = Compression::None;
/// Every name for the codec.
const TYPES: [&str; 3] = ["compression.type", "compression.codec", "Producer.Compression"];
/// Every name for the level of the chosen codec.
const LEVELS: [&str; 2] = ["compression.level", "Producer.CompressionLevel"];

#[test]
fn codec_is_parsed_by_every_name_in_every_spelling() {
    for (values, expected) in [
        (["none", "None", "CompressionNone", "sarama.CompressionNone", "0"], NONE),
        (["gzip", "GZIP", "CompressionGZIP", "sarama.CompressionGZIP", "1"], Compression::gzip()),
        (["snappy", "Snappy", "CompressionSnappy", "sarama.CompressionSnappy", "2"], Snappy),
        (["lz4", "LZ4", "CompressionLZ4", "sarama.CompressionLZ4", "3"], Lz4),
        (["zstd", "ZSTD", "CompressionZSTD", "sarama.CompressionZSTD", " 4 "], Compression::zstd()),
    ] {
        for (name, value) in TYPES.iter().flat_map(|name| values.map(|value| (*name, value))) {
            check(&[(name, value)], expected, &[]);
        }
    }
}

#[test]
fn unknown_codec_is_rejected_with_the_known_ones() {
    for name in TYPES {
        for value in ["", "zst", "inherit", "uncompressed", "producer", "5", "-1", "04", "sarama.", "true"] {
            check_refused(&[(name, value)], &[name, value, "write one of none, gzip, snappy, lz4, zstd"]);
        }
        check_refused(&[(name, "zstd:3")], &[name, "write the codec alone", "`compression`"]);
    }
}

#[test]
fn codec_and_level_are_parsed_in_one() {
    for (value, expected) in [
        ("none", NONE),
        ("snappy", Snappy),
        ("lz4", Lz4),
        ("gzip", Gzip { level: -1 }),
        ("gzip:-1", Gzip { level: -1 }),
        ("GZip:9", Gzip { level: 9 }),
        ("zstd", Zstd { level: 3 }),
        ("zstd : 22", Zstd { level: 22 }),
        ("zstd:-131072", Zstd { level: -131_072 }),
    ] {
        check(&[("compression", value)], expected, &[]);
        assert_eq!(value.parse(), Ok(expected));
        assert_eq!(expected.to_string().parse(), Ok(expected), "text and value agree");
    }
    check(&[("compression", "lz4:9")], Lz4, &["compression.lz4.level"]);
    assert_eq!("lz4:17".parse(), Ok(Lz4));
    assert_eq!(
        [Gzip { level: -1 }, Zstd { level: 3 }, Lz4].map(|one| one.to_string()),
        ["gzip:-1", "zstd:3", "lz4"]
    );
}

#[test]
fn unknown_codec_or_level_in_one_is_rejected_with_the_known_ones() {
    let names = "write one of none, gzip, snappy, lz4, zstd";
    for (value, remedy) in [
        ("zst", names),
        ("zst:3", names),
        ("4", names),
        (":3", names),
        ("CompressionZSTD", names),
        ("snappy:1", "snappy has no levels: write `snappy` alone"),
        ("none:0", "none has no levels: write `none` alone"),
        ("gzip:0", "write a level of gzip: 1 to 9, or -1 for its default"),
        ("gzip:10", "write a level of gzip: 1 to 9, or -1 for its default"),
        ("gzip:", "write a level of gzip"),
        ("gzip:six", "write a level of gzip"),
        ("gzip:9:9", "write a level of gzip"),
        ("lz4:0", "write a level of lz4: 1 to 17"),
        ("lz4:18", "write a level of lz4: 1 to 17"),
        ("zstd:23", "write a level of zstd: -131072 to 22"),
        ("zstd:-131073", "write a level of zstd: -131072 to 22"),
        ("zstd:99999999999", "write a level of zstd"),
    ] {
        check_refused(&[("compression", value)], &["`compression` = ", value, remedy]);
        let error = value.parse::<Compression>().unwrap_err();
        assert!(error.message().contains(remedy) && error.property() == "compression", "{error}");
    }
}

#[test]
fn own_level_of_a_codec_applies_to_that_codec_alone() {
    for (codec, name, value, expected) in [
        ("gzip", "compression.gzip.level", "9", Gzip { level: 9 }),
        ("gzip", "compression.gzip.level", "-1", Gzip { level: -1 }),
        ("zstd", "compression.zstd.level", "-131072", Zstd { level: -131_072 }),
        ("zstd", "compression.zstd.level", "22", Zstd { level: 22 }),
    ] {
        check(&[("compression.type", codec), (name, value)], expected, &[]);
        check(&[(name, value), ("compression", codec)], expected, &[]);
        check(&[("compression.type", "snappy"), (name, value)], Snappy, &[name]);
        check(&[(name, value)], NONE, &[name]);
    }
    for codec in ["lz4", "none"] {
        let set = [("compression.type", codec), ("compression.lz4.level", "17")];
        check(&set, codec.parse().unwrap(), &["compression.lz4.level"]);
    }
}

#[test]
fn level_out_of_range_is_rejected_with_any_codec() {
    for (name, values, remedy) in [
        ("compression.gzip.level", ["0", "10", "-2", "", "fast"], "write a level of gzip: 1 to 9, or -1"),
        ("compression.lz4.level", ["0", "18", "-1", "", "fast"], "write a level of lz4: 1 to 17"),
        ("compression.zstd.level", ["23", "-131073", "3.5", "", "x"], "write a level of zstd: -131072 to 22"),
    ] {
        for (value, codec) in
            values.iter().flat_map(|value| ["none", "gzip", "lz4"].map(|codec| (*value, codec)))
        {
            check_refused(&[("compression.type", codec), (name, value)], &[name, value, remedy]);
        }
    }
}

#[test]
fn general_level_applies_to_the_chosen_codec() {
    for name in LEVELS {
        check(&[("compression.codec", "gzip"), (name, "9")], Gzip { level: 9 }, &[]);
        check(&[(name, "12"), ("compression.codec", "zstd")], Zstd { level: 12 }, &[]);
        check(&[("compression", "zstd"), (name, "0")], Zstd { level: 0 }, &[]);
        for default in ["-1", "-1000", "CompressionLevelDefault", "sarama.CompressionLevelDefault"] {
            check(&[("compression.codec", "gzip"), (name, default)], Gzip { level: -1 }, &[]);
            check(&[("compression.codec", "zstd"), (name, "9"), (name, default)], Zstd { level: 3 }, &[]);
            check(&[(name, default)], NONE, &[]);
        }
        for codec in ["none", "snappy", "lz4"] {
            for level in ["0", "12"] {
                let set = [("compression.codec", codec), (name, level)];
                check(&set, codec.parse().unwrap(), &["compression.level"]);
            }
        }
    }
}

#[test]
fn general_level_out_of_range_is_rejected_with_the_range_of_the_codec() {
    for name in LEVELS {
        for (codec, level, remedy) in [
            ("gzip", "0", "write a level of gzip: 1 to 9"),
            ("gzip", "12", "write a level of gzip: 1 to 9"),
            ("lz4", "18", "write a level of lz4: 1 to 17"),
        ] {
            let error = with(&[("compression.codec", codec), (name, level)]).unwrap_err();
            assert_eq!(error.property(), name);
            assert_eq!(error.message().find(&format!("`{name}` = `{level}`: {remedy}")), Some(0), "{error}");
        }
        for level in ["23", "-131073", "best", ""] {
            let ranges = "gzip 1 to 9, or -1 for its default; lz4 1 to 17; zstd -131072 to 22";
            check_refused(&[(name, level)], &[name, level, "write -1 for the codec's default", ranges]);
        }
    }
}

#[test]
fn own_level_takes_precedence_over_the_general_level() {
    let both = [("compression.zstd.level", "9"), ("compression.type", "zstd"), ("compression.level", "5")];
    check(&both, Zstd { level: 9 }, &["compression.level"]);
    check(
        &[&both[..], &[("compression.type", "gzip")]].concat(),
        Gzip { level: 5 },
        &["compression.zstd.level"],
    );
}

#[test]
fn last_codec_applies_and_a_codec_by_type_has_its_own_level() {
    let typed = |set: &[(&str, &str)]| builder(set).unwrap().compression(Zstd { level: 5 });
    let levels = [("compression.zstd.level", "9"), ("compression.level", "7")];
    let config = typed(&levels).validate().unwrap();
    assert_eq!(config.compression, Zstd { level: 5 });
    assert_eq!(config.without_effect(), ["compression.level", "compression.zstd.level"]);
    let config = typed(&levels).property("compression.type", "zstd").unwrap().validate().unwrap();
    assert_eq!(
        (config.compression, config.without_effect()),
        (Zstd { level: 9 }, &["compression.level"][..])
    );
    let config = typed(&[("compression.type", "lz4")]).compression(NONE).validate().unwrap();
    assert_eq!((config.compression, config.without_effect().len()), (NONE, 0));
    check(&[("compression", "zstd:7"), ("compression.zstd.level", "9")], Zstd { level: 9 }, &[]);
    check(&[("compression.zstd.level", "9"), ("compression", "zstd:7")], Zstd { level: 7 }, &[]);
}

#[test]
fn level_by_type_out_of_range_is_rejected_by_the_name_of_its_property() {
    for (compression, property, remedy) in [
        (Gzip { level: 0 }, "compression.gzip.level", "write a level of gzip: 1 to 9, or -1 for its default"),
        (Zstd { level: 23 }, "compression.zstd.level", "write a level of zstd: -131072 to 22"),
    ] {
        let all = builder(&[]).unwrap().compression(compression);
        let set = format!("`{property}` = `{}`: ", compression.level().unwrap());
        refused(all.validate().unwrap_err(), property, &[&set, remedy]);
        let one = builder(&[]).unwrap().topic_compression("orders", compression);
        let entry = format!("`compression.topics`: entry `orders={compression}`: ");
        refused(one.validate().unwrap_err(), "compression.topics", &[&entry, remedy]);
    }
}

#[test]
fn topic_entry_takes_precedence() {
    let set = [("compression.type", "lz4"), ("compression.topics", "orders=zstd:7, logs = GZIP ,,raw=none")];
    let config = with(&set).unwrap();
    let of = ["orders", "logs", "raw", "other"].map(|topic| config.compression_of(topic));
    assert_eq!(of, [Zstd { level: 7 }, Gzip { level: -1 }, NONE, Lz4]);
    assert!(config.without_effect().is_empty());

    let later = builder(&set).unwrap().topic_compression("orders", Snappy).topic_compression("logs", Lz4);
    let config = later.clone().topic_compression("logs", NONE).validate().unwrap();
    assert_eq!(["orders", "logs", "raw"].map(|topic| config.compression_of(topic)), [Snappy, NONE, NONE]);
    let config = later.property("compression.topics", "a=gzip, a=snappy").unwrap().validate().unwrap();
    assert_eq!(["orders", "a"].map(|topic| config.compression_of(topic)), [Lz4, Snappy]);
    check(&[("compression.topics", "a=gzip"), ("compression.topics", "")], NONE, &[]);
}

#[test]
fn topic_entry_without_a_level_takes_the_own_level_of_its_codec() {
    let levels = [("compression.zstd.level", "9"), ("compression.level", "5"), ("compression.type", "gzip")];
    let config =
        with(&[&levels[..], &[("compression.topics", "a=zstd, b=zstd:7, c=gzip")]].concat()).unwrap();
    let of = ["a", "b", "c", "d"].map(|topic| config.compression_of(topic));
    assert_eq!(of, [Zstd { level: 9 }, Zstd { level: 7 }, Gzip { level: -1 }, Gzip { level: 5 }]);
    assert!(config.without_effect().is_empty());
    check(
        &[("compression.topics", "a=lz4:9, b=zstd:3"), levels[0]],
        NONE,
        &["compression.lz4.level", "compression.zstd.level"],
    );
}

#[test]
fn invalid_topic_entry_is_named() {
    for (value, entry, remedy) in [
        ("a=lz4, orders", "`orders`", "write TOPIC=CODEC[:LEVEL]"),
        ("a=lz4, orders=zst", "`orders=zst`", "write one of none, gzip, snappy, lz4, zstd"),
        ("a=lz4, orders=", "`orders=`", "write one of none"),
        ("orders=zstd:23, a=lz4", "`orders=zstd:23`", "write a level of zstd: -131072 to 22"),
        ("orders=snappy:1", "`orders=snappy:1`", "snappy has no levels"),
        ("=lz4", "`=lz4`", "write the name of a topic"),
        ("or ders=lz4", "`or ders=lz4`", "1 to 249 letters, digits, `.`, `_` and `-`"),
        ("..=lz4", "`..=lz4`", "write the name of a topic"),
    ] {
        check_refused(&[("compression.topics", value)], &["`compression.topics` = ", "entry", entry, remedy]);
    }
    let long = builder(&[]).unwrap().topic_compression("a".repeat(250), Lz4).validate().unwrap_err();
    refused(long, "compression.topics", &["write the name of a topic"]);
    let control = builder(&[]).unwrap().topic_compression("a\x1b[31m", Lz4).validate().unwrap_err();
    assert!(!control.to_string().contains('\x1b'), "{control}");
}

#[test]
fn level_of_lz4_is_in_the_table_without_effect() {
    let support = |name| crate::config::PROPERTIES.iter().find(|row| row.is_called(name)).unwrap().support();
    assert_eq!(support("compression.lz4.level"), Support::WithoutEffect);
    for name in TYPES.iter().chain(&LEVELS).chain(&["compression", "compression.topics"]) {
        assert_eq!(support(name), Support::Full, "{name}");
    }
}

#[test]
fn default_is_none_and_each_codec_has_its_default_level() {
    check(&[], Compression::default(), &[]);
    assert_eq!(Compression::default(), NONE);
    assert_eq!((Compression::gzip(), Compression::zstd()), (Gzip { level: -1 }, Zstd { level: 3 }));
    assert_eq!([NONE, Snappy, Lz4, Zstd { level: 1 }].map(Compression::level), [None, None, None, Some(1)]);
}

/// The builder with these properties set.
fn builder(set: &[(&str, &str)]) -> Result<ProducerBuilder, ConfigError> {
    let builder = ProducerBuilder::default().bootstrap_servers("localhost:9092");
    set.iter().try_fold(builder, |builder, (name, value)| builder.property(name, value))
}

fn with(set: &[(&str, &str)]) -> Result<ProducerConfig, ConfigError> {
    builder(set)?.validate()
}

/// The effective compression of the properties, and those without effect.
#[track_caller]
fn check(set: &[(&str, &str)], expected: Compression, without_effect: &[&str]) {
    let config = with(set).unwrap();
    assert_eq!(config.compression, expected, "{set:?}");
    assert_eq!(config.without_effect(), without_effect, "{set:?}");
}

/// The last property is rejected by its name, with these texts.
#[track_caller]
fn check_refused(set: &[(&str, &str)], said: &[&str]) {
    let name = set.last().unwrap().0;
    refused(with(set).unwrap_err(), name, said);
}

#[track_caller]
fn refused(error: ConfigError, property: &str, said: &[&str]) {
    assert_eq!(error.property(), property, "{error}");
    for text in said {
        assert!(error.message().contains(text), "`{text}` is not in: {error}");
    }
}
