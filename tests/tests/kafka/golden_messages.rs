//! The golden files of messages are what Kafka's own classes write.

use milena_tests::kafka::Release;
use milena_tests::kafka::golden::{kept, written_by};

/// The newest release with the versions that the codec has. Kafka 4.4 adds ApiVersions 5 (KIP-1242) and TxnOffsetCommit 6
/// (KIP-1319), and renames `GenerationId` of TxnOffsetCommit to `GenerationIdOrMemberEpoch`; the bytes of all versions of
/// 4.3 are the same there.
const RELEASE: Release = Release::V4_3;

#[test]
fn the_golden_messages_are_what_java_writes() {
    let written = written_by(RELEASE, "Messages.java");
    let kept = kept("messages");
    assert_eq!(kept.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    for (name, bytes) in &kept {
        assert!(
            bytes == &written[name],
            "{name} is written otherwise: {}",
            String::from_utf8_lossy(&written[name])
        );
    }
}
