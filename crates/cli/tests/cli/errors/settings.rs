//! Settings, files and input that are wrong: no broker is connected to.

use super::page::{Failing, Page};
use crate::world::World;

pub(crate) async fn failures(page: &mut Page) {
    page.table("Usage, settings and input");
    let world = World::new().await;
    world.file("client.properties", "# Kafka\nacks=all\nlingr.ms=5\n");
    world.file("records.json", "{\"value\":\"a\"}\n{\"vlaue\":\"b\"}\n");
    let folder = world.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let broker = world.cluster.bootstrap_servers();
    for (when, command, remedy) in FAILURES {
        page.add(&Failing { when, command, broker: &broker, folder, input: "", exit: 2, remedy });
    }
}

/// Condition, command and remedy of each failure.
const FAILURES: [(&str, &str, &str); 15] = [
    (
        "property name with a typo",
        "milena produce -t orders -b BROKER -X lingr.ms=5",
        "write the name that the error proposes; `milena config` lists all names",
    ),
    (
        "property value of the wrong type",
        "milena produce -t orders -b BROKER -X linger.ms=soon",
        "write a value of the type that the error names",
    ),
    (
        "`-X` without a value",
        "milena produce -t orders -b BROKER -X linger.ms",
        "write `NAME=VALUE`; the text is not repeated, because it may be a secret",
    ),
    (
        "typo in a properties file",
        "milena produce -t orders -b BROKER -c DIR/client.properties",
        "correct the line of the file that the error names",
    ),
    (
        "properties file that does not exist",
        "milena produce -t orders -b BROKER -c DIR/none.properties",
        "correct the path",
    ),
    (
        "settings that exclude each other",
        "milena produce -t orders -b BROKER -X enable.idempotence=true --acks 1",
        "set one of the two: idempotence needs `acks=all`",
    ),
    (
        "unknown partitioner",
        "milena produce -t orders -b BROKER --partitioner murmur3",
        "write one of the names in the error",
    ),
    (
        "unknown codec",
        "milena produce -t orders -b BROKER --compression zst",
        "write one of the codecs in the error",
    ),
    ("no bootstrap server", "milena produce -t orders", "set `-b HOST:PORT` or `KAFKA_BOOTSTRAP_SERVERS`"),
    ("bootstrap server without a port", "milena produce -t orders -b kafka", "write `HOST:PORT`"),
    (
        "no topic",
        "milena produce -b BROKER",
        "set `-t TOPIC`, or name a topic in each line of `--format json`",
    ),
    ("input file that does not exist", "milena produce -t orders -b BROKER DIR/none.txt", "correct the path"),
    (
        "bad line of input",
        "milena produce -t t -b BROKER --format json DIR/records.json",
        "correct the line, or skip and count such lines by `--skip-bad-input`; records before it are delivered",
    ),
    (
        "unreadable CA file",
        "milena produce -t orders -b BROKER -X security.protocol=SSL -X ssl.ca.location=DIR/none.pem",
        "correct the path or the permissions of the file",
    ),
    (
        "CA file that is no PEM",
        "milena produce -t orders -b BROKER -X security.protocol=SSL -X ssl.ca.location=DIR/client.properties",
        "convert the certificates to PEM",
    ),
];
