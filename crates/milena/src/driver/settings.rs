//! The settings that all tasks of a driver share.

use std::sync::Arc;

use milena_codec::message::produce::TOPIC_IDS_SINCE;
use milena_connection::session::{ResponseExpected, SessionConfig};
use milena_connection::transport::Connector;
use milena_sender::broker_sender::{BrokerSenderConfig, RequestConfig};
use milena_sender::compression::CodecLevel;
use milena_sender::partition_sender::PartitionSenderConfig;

use super::compression::Compression;
use crate::config::{Acks, ProducerConfig};
use crate::core::Core;

/// The settings, as the lower crates take them.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) core: Arc<Core>,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) compression: Compression,
    pub(super) session: Arc<SessionConfig>,
    pub(super) broker_sender: Arc<BrokerSenderConfig>,
    pub(super) request: RequestConfig,
    pub(super) awaits: ResponseExpected,
    pub(super) seed: u64,
}

/// The newest version of Produce that is used.
pub(super) const PRODUCE_VERSION_MAX: i16 = TOPIC_IDS_SINCE;

impl Settings {
    pub(super) fn new(core: Arc<Core>, connector: Arc<dyn Connector>, seed: u64) -> Arc<Self> {
        let config = &core.config;
        Arc::new(Self {
            session: Arc::new(session_config(config)),
            broker_sender: Arc::new(broker_sender_of(config, seed)),
            request: RequestConfig {
                client_id: client_id(config),
                acks: config.acks.code(),
                timeout_ms: i32::try_from(config.request_timeout.as_millis()).unwrap_or(i32::MAX),
            },
            awaits: if config.acks == Acks::None { ResponseExpected::No } else { ResponseExpected::Yes },
            connector,
            compression: Compression::new(Arc::clone(&core.shared), codecs(config)),
            seed,
            core,
        })
    }
}

/// The settings of all sessions of a producer.
pub(crate) fn session_config(config: &ProducerConfig) -> SessionConfig {
    SessionConfig {
        client_id: client_id(config),
        software_name: "milena".to_owned(),
        software_version: env!("CARGO_PKG_VERSION").to_owned(),
        request_timeout: config.request_timeout,
        write_timeout: config.write_timeout,
        frame_bytes_max: config.receive_message_max,
        max_in_flight: config.max_in_flight,
        sasl: config.sasl.clone(),
        secure: config.tls.is_some(),
        max_idle: config.connections_max_idle,
        ..SessionConfig::default()
    }
}

/// The codecs and levels of the topics, each once.
fn codecs(config: &ProducerConfig) -> Vec<CodecLevel> {
    let mut codecs = Vec::new();
    for compression in config.topic_compression.values().chain([&config.compression]) {
        let codec = (compression.codec(), compression.level());
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    codecs
}

fn client_id(config: &ProducerConfig) -> Option<String> {
    (!config.client_id.is_empty()).then(|| config.client_id.to_string())
}

fn broker_sender_of(config: &ProducerConfig, seed: u64) -> BrokerSenderConfig {
    BrokerSenderConfig {
        partition_sender: PartitionSenderConfig {
            idempotent: config.idempotence,
            // Without sequences a second batch could be written before a first one that is sent again.
            window: if config.idempotence { config.max_in_flight.min(5) } else { 1 },
            retries: config.retries,
            delivery_timeout: config.delivery_timeout,
        },
        in_flight_max: config.max_in_flight,
        request_bytes_max: config.request_bytes_max,
        awaits_responses: config.acks != Acks::None,
        request_timeout: config.request_timeout,
        retry_backoff: config.retry_backoff,
        retry_backoff_max: config.retry_backoff_max,
        seed,
    }
}
