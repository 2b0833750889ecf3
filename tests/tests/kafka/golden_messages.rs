//! The golden files of messages are what Kafka's own classes write.

use milena_tests::kafka::golden::{kept, written_by};

#[test]
fn the_golden_messages_are_what_java_writes() {
    let written = written_by("Messages.java");
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
