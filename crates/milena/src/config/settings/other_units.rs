//! Rows of properties that set the field of another row, in another unit or with another value for "never".

use super::kind::{KIBIBYTES, NEGATIVE_IS_NEVER, PROBES, ZERO_IS_NEVER};
use super::{Effect, Property};

pub(super) const ROWS: &[Property] = &[
    Property::new(
        "queue.buffering.max.kbytes",
        &[],
        Effect::Set(|settings, text| KIBIBYTES.store(&mut settings.buffer_memory, text)),
        "buffer.memory in KiB",
    )
    .of_kind(&KIBIBYTES),
    // librdkafka's `message.timeout.ms`: 0 is infinite (`rdkafka_conf.c`).
    Property::new(
        "message.timeout.ms",
        &[],
        Effect::Set(|settings, text| ZERO_IS_NEVER.store(&mut settings.delivery_timeout, text)),
        "delivery.timeout.ms; 0 is no bound",
    )
    .of_kind(&ZERO_IS_NEVER),
    // librdkafka's interval: -1 disables it (`rdkafka_conf.c`).
    Property::new(
        "topic.metadata.refresh.interval.ms",
        &[],
        Effect::Set(|settings, text| NEGATIVE_IS_NEVER.store(&mut settings.metadata_max_age, text)),
        "metadata.max.age.ms; -1 turns it off",
    )
    .of_kind(&NEGATIVE_IS_NEVER),
    // sarama's `Metadata.RefreshFrequency`: 0 disables it (`config.go`).
    Property::new(
        "Metadata.RefreshFrequency",
        &[],
        Effect::Set(|settings, text| ZERO_IS_NEVER.store(&mut settings.metadata_max_age, text)),
        "metadata.max.age.ms; 0 turns it off",
    )
    .of_kind(&ZERO_IS_NEVER),
    Property::new(
        "Net.KeepAlive",
        &[],
        Effect::Set(|settings, text| PROBES.store(&mut settings.socket_keepalive, text)),
        "socket.keepalive.enable, on unless negative",
    )
    .of_kind(&PROBES),
];
