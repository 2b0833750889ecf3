//! The families against the vectors of the clients they come from.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::num::NonZeroU32;

use milena_partitioner::hash::{crc32, fnv1a, murmur2};
use milena_partitioner::{Choice, Partitioner};
use proptest::collection::vec;
use proptest::prelude::*;

/// The seed that Kafka gives the hash.
const KAFKA_SEED: u32 = 0x9747_b28c;

fn check(partitioner: Partitioner, partitions: u32, key: &str, expected: u32) {
    let partitions = NonZeroU32::new(partitions).unwrap();
    assert_eq!(
        partitioner.choose(Some(key.as_bytes()), partitions),
        Choice::Partition(expected),
        "{partitioner} {key:?}"
    );
}

/// `partitioner_test.go` of sarama.
#[test]
fn sarama_crc() {
    for (key, partition) in [
        ("abc123def456", 57),
        // Signed arithmetic would give 70.
        ("SheetJS", 26),
        ("9e8c7f4cf45857cfff7645d6", 24),
        ("3900446192ff85a5f67da10c", 75),
        ("0f4407b7a67d6d27de372198", 50),
    ] {
        check(Partitioner::SaramaCrc, 100, key, partition);
    }
}

/// `partitioner_test.go` of sarama, whose values were taken from Java.
#[test]
fn murmur2_of_sarama_and_java() {
    for (key, hash) in [
        ("foo", 597_841_616),
        ("bar", 988_958_145),
        ("baz", 1_973_573_280),
        ("", 275_646_681),
        ("kafka", 3_496_464_228),
        ("sarama", 770_765_511),
        ("giberish123456789", 0x8f55_2b0c),
        ("1234", 0x9fc9_7b14),
    ] {
        assert_eq!(murmur2(key.as_bytes()), hash, "{key:?}");
    }
    for (key, partition) in [("foo", 16), ("bar", 45), ("baz", 80), ("kafka", 80), ("sarama", 11)] {
        check(Partitioner::SaramaMurmur2, 100, key, partition);
        check(Partitioner::Java, 100, key, partition);
    }
}

/// `UtilsTest.java` of Kafka.
#[test]
fn murmur2_of_java() {
    for (key, hash) in [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ] {
        assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key:?}");
    }
}

/// `0048-partitioner.c` of librdkafka: the hash of each key, before the remainder.
#[test]
fn librdkafka() {
    let keys = [
        None,
        Some(""),
        Some("23456"),
        Some("this is another string with more length to it perhaps"),
        Some("hejsan"),
    ];
    let crc = [0, 0, 0xb1b4_51d7, 0xb015_0df7, 0xd077_037e];
    let masked_murmur2 = [0x106e_08d9, 0x106e_08d9, 0x058d_780f, 0x4f77_03da, 0x5ec1_9395];
    let absolute_fnv1a = [0x7ee3_623b, 0x7ee3_623b, 0x27e6_f469, 0x155e_3e5f, 0x17b1_e27a];
    for n in [1, 2, 3, 17, 100, 9_999] {
        let partitions = NonZeroU32::new(n).unwrap();
        let rows = [
            (Partitioner::Consistent, crc),
            (Partitioner::Murmur2, masked_murmur2),
            (Partitioner::Fnv1a, absolute_fnv1a),
        ];
        for (partitioner, hashes) in rows {
            for (key, hash) in keys.iter().zip(hashes) {
                let chosen = partitioner.choose(key.map(str::as_bytes), partitions);
                assert_eq!(chosen, Choice::Partition(hash % n), "{partitioner} {key:?} of {n}");
            }
        }
    }
    let n = NonZeroU32::new(7).unwrap();
    for random in [Partitioner::ConsistentRandom, Partitioner::Murmur2Random, Partitioner::Fnv1aRandom] {
        assert_eq!(random.choose(None, n), Choice::Sticky);
    }
    assert_eq!(Partitioner::ConsistentRandom.choose(Some(b""), n), Choice::Sticky);
    assert_eq!(Partitioner::Murmur2Random.choose(Some(b""), n), Partitioner::Murmur2.choose(Some(b""), n));
}

/// `rdfnv1a.c` of librdkafka: the absolute value.
#[test]
fn fnv1a_of_librdkafka() {
    for (key, hash) in
        [("kafka", 0xd33_c4e1), ("giberish123456789", 0x77a5_8295), ("1234", 0x23b_dd03), ("", 0x7ee3_623b)]
    {
        assert_eq!(fnv1a(key.as_bytes()).cast_signed().unsigned_abs(), hash, "{key:?}");
    }
}

/// The hash of this key is −2³¹, of which sarama takes the remainder before the absolute value.
#[test]
fn sarama_hash_of_the_smallest_number() {
    let key = "1468509572224";
    assert_eq!(fnv1a(key.as_bytes()), 0x8000_0000);
    check(Partitioner::SaramaHash, 50, key, 48);
    check(Partitioner::SaramaReferenceHash, 50, key, 0);
    check(Partitioner::Fnv1a, 50, key, 48);
}

#[test]
fn an_empty_key_is_a_key_for_java_and_sarama() {
    let n = NonZeroU32::new(9).unwrap();
    check(Partitioner::Java, 9, "", 275_646_681 % 9);
    for partitioner in [
        Partitioner::SaramaHash,
        Partitioner::SaramaReferenceHash,
        Partitioner::SaramaCrc,
        Partitioner::SaramaMurmur2,
    ] {
        assert!(matches!(partitioner.choose(Some(b""), n), Choice::Partition(_)));
        assert_eq!(partitioner.choose(None, n), Choice::Random);
    }
}

#[test]
fn names_lead_back_to_their_families_and_a_typo_to_the_list() {
    for partitioner in Partitioner::ALL {
        assert_eq!(partitioner.name().parse(), Ok(partitioner));
    }
    assert_eq!(
        "org.apache.kafka.clients.producer.RoundRobinPartitioner".parse(),
        Ok(Partitioner::RoundRobin)
    );
    let error = "murmur3".parse::<Partitioner>().unwrap_err().to_string();
    assert!(error.contains("`murmur3`") && error.contains("murmur2_random"), "{error}");
}

proptest! {
    #[test]
    fn murmur2_is_the_other_crates_murmur2(key in vec(any::<u8>(), 0..70)) {
        prop_assert_eq!(murmur2(&key), murmur2::murmur2(&key, KAFKA_SEED));
    }

    #[test]
    fn every_choice_is_in_range_and_repeats(key in vec(any::<u8>(), 0..40), n in 1u32..=10_000) {
        let partitions = NonZeroU32::new(n).unwrap();
        for partitioner in Partitioner::ALL {
            let chosen = partitioner.choose(Some(&key), partitions);
            prop_assert_eq!(chosen, partitioner.choose(Some(&key), partitions));
            if let Choice::Partition(partition) = chosen {
                prop_assert!(partition < n, "{} of {}", partition, n);
            }
        }
    }

    #[test]
    fn sarama_and_librdkafka_agree_on_fnv1a(key in vec(any::<u8>(), 0..40), n in 1u32..=10_000) {
        let partitions = NonZeroU32::new(n).unwrap();
        prop_assert_eq!(
            Partitioner::SaramaHash.choose(Some(&key), partitions),
            Partitioner::Fnv1a.choose(Some(&key), partitions)
        );
    }

    #[test]
    fn crc32_has_its_check_value(prefix in vec(any::<u8>(), 0..20)) {
        // CRC-32/ISO-HDLC: the CRC of a message with its own CRC appended is constant.
        let mut message = prefix;
        message.extend(crc32(&message.clone()).to_le_bytes());
        prop_assert_eq!(crc32(&message), 0x2144_df1c);
    }
}

#[test]
fn crc32_of_the_standard_check_string() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}
