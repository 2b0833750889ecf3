//! Rules between settings: from the settings as they were set to the effective configuration.
//!
//! A setting that was not set follows the others; one that was set and does not fit is an error (`ProducerConfig.java`,
//! `postProcessAndValidateIdempotenceConfigs` and `KafkaProducer.configureDeliveryTimeout`). Ranges of single settings are in
//! the [settings table](super::settings).

use std::time::Duration;

use milena_connection::Shown;

use super::ProducerBuilder;
use super::options::Acks;
use super::settings::{DURATION_MAX, ProducerConfig, Settings, millis};
use crate::error::ConfigError;

/// Brokers keep the last five batches of a producer and partition to recognise duplicates (KIP-98).
const IN_FLIGHT_MAX_IDEMPOTENT: usize = 5;
/// The close timeout follows the delivery timeout up to here.
const CLOSE_TIMEOUT_MAX: Duration = Duration::from_secs(2 * 60);
/// A client id is a short string on the wire, and a part of log lines.
const CLIENT_ID_BYTES_MAX: usize = 249;

impl ProducerBuilder {
    /// Validates the settings, and returns the effective configuration.
    ///
    /// # Errors
    /// The first invalid setting, with its value and the remedy.
    ///
    /// ```
    /// use milena::{Acks, ProducerBuilder};
    ///
    /// let builder = ProducerBuilder::default().bootstrap_servers("localhost:9092");
    /// assert!(builder.clone().acks(Acks::Leader).validate().is_ok());
    /// let error = builder.acks(Acks::Leader).idempotence(true).validate().unwrap_err();
    /// assert_eq!(error.property(), "acks");
    /// ```
    pub fn validate(self) -> Result<ProducerConfig, ConfigError> {
        let set = &self.settings;
        let mut config = set.resolve()?;
        check_names(&config)?;
        config.idempotence = idempotence(set.idempotence, &config)?;
        config.max_request_size = max_request_size(set.max_request_size, &config)?;
        config.batch_size = config.batch_size.max(1);
        set_timeouts(set, &mut config)?;
        set_maxima(set, &mut config)?;
        let compression = set.compression.effective()?;
        let security = set.security.effective(set.tls.clone(), set.sasl.clone())?;
        Ok(ProducerConfig {
            compression: compression.compression,
            topic_compression: compression.topics,
            tls: security.tls,
            sasl: security.sasl,
            security: security.listed,
            unused: [security.unused, compression.unused].concat(),
            ..config
        })
    }
}

fn check_names(config: &ProducerConfig) -> Result<(), ConfigError> {
    if config.bootstrap_servers.split(',').all(|server| server.trim().is_empty()) {
        return Err(ConfigError::new(
            "bootstrap.servers",
            "`bootstrap.servers` is not set: name at least one broker as `host:port`",
        ));
    }
    let client_id = &config.client_id;
    if client_id.len() > CLIENT_ID_BYTES_MAX || client_id.contains(char::is_control) {
        return Err(ConfigError::new(
            "client.id",
            format!(
                "`client.id` = `{}` is not valid in the logs of brokers: write at most {CLIENT_ID_BYTES_MAX} bytes, without \
                 control characters",
                Shown(client_id)
            ),
        ));
    }
    Ok(())
}

/// Idempotence. A setting that excludes it turns it off, and is an error if idempotence was set. More than five requests in
/// flight are an error either way: a higher throughput is no reason to give up the order.
fn idempotence(set: Option<bool>, config: &ProducerConfig) -> Result<bool, ConfigError> {
    let is_required = set == Some(true);
    let off_or = |error| if is_required { Err(error) } else { Ok(false) };
    if set == Some(false) {
        return Ok(false);
    }
    if config.acks != Acks::All {
        return off_or(excludes("acks", config.acks.name(), "`acks=all`"));
    }
    if config.retries == 0 {
        return off_or(excludes("retries", "0", "at least one"));
    }
    if config.max_in_flight > IN_FLIGHT_MAX_IDEMPOTENT {
        let value = config.max_in_flight.to_string();
        return Err(excludes("max.in.flight.requests.per.connection", &value, "at most 5"));
    }
    Ok(true)
}

/// A setting that excludes idempotence.
fn excludes(property: &str, value: &str, needed: &str) -> ConfigError {
    ConfigError::new(
        property,
        format!(
            "`{property}` = `{value}` excludes idempotence, which needs {needed}: change it, or set \
             `enable.idempotence` to `false`, where a record may be written twice"
        ),
    )
}

fn max_request_size(set: Option<usize>, config: &ProducerConfig) -> Result<usize, ConfigError> {
    let (buffer, batch) = (config.buffer_memory, config.batch_size);
    if batch > buffer {
        return Err(ConfigError::new(
            "batch.size",
            format!(
                "`batch.size` = `{batch}` is more than `buffer.memory` = `{buffer}`: lower the one or raise the \
                 other; 16384 and 33554432 are the defaults"
            ),
        ));
    }
    match set {
        Some(size) if size > buffer => Err(ConfigError::new(
            "max.request.size",
            format!(
                "`max.request.size` = `{size}` allows records that never fit `buffer.memory` = `{buffer}`: lower \
                 the one or raise the other"
            ),
        )),
        _ => Ok(config.max_request_size.min(buffer)),
    }
}

/// Timeouts that follow another one.
fn set_timeouts(set: &Settings, config: &mut ProducerConfig) -> Result<(), ConfigError> {
    let least = config.linger.saturating_add(config.request_timeout).min(DURATION_MAX);
    if set.delivery_timeout.is_none() {
        config.delivery_timeout = config.delivery_timeout.max(least);
    } else if config.delivery_timeout < least {
        return Err(ConfigError::new(
            "delivery.timeout.ms",
            format!(
                "`delivery.timeout.ms` = `{}` is less than `linger.ms` + `request.timeout.ms` = {} + {}: raise \
                 it, or lower one of them",
                millis(config.delivery_timeout),
                millis(config.linger),
                millis(config.request_timeout)
            ),
        ));
    }
    if set.write_timeout.is_none() {
        config.write_timeout = config.request_timeout;
    }
    if set.close_timeout.is_none() {
        config.close_timeout = config.delivery_timeout.min(CLOSE_TIMEOUT_MAX);
    }
    // Records of a topic may be in flight for so long after the last one was accepted.
    config.metadata_max_idle = config.metadata_max_idle.max(config.delivery_timeout);
    Ok(())
}

/// Times that grow up to a maximum.
fn set_maxima(set: &Settings, config: &mut ProducerConfig) -> Result<(), ConfigError> {
    config.retry_backoff_max =
        maximum("retry.backoff", config.retry_backoff, set.retry_backoff_max, config.retry_backoff_max)?;
    config.reconnect_backoff_max = maximum(
        "reconnect.backoff",
        config.reconnect_backoff,
        set.reconnect_backoff_max,
        config.reconnect_backoff_max,
    )?;
    config.socket_setup_timeout_max = maximum(
        "socket.connection.setup.timeout",
        config.socket_setup_timeout,
        set.socket_setup_timeout_max,
        config.socket_setup_timeout_max,
    )?;
    Ok(())
}

/// The maximum of a time: the one that was set, or else the larger of the default and the first time.
fn maximum(
    name: &str,
    first: Duration,
    set: Option<Duration>,
    most: Duration,
) -> Result<Duration, ConfigError> {
    if set.is_none() || most >= first {
        return Ok(most.max(first));
    }
    Err(ConfigError::new(
        format!("{name}.max.ms"),
        format!(
            "`{name}.max.ms` = `{}` is less than `{name}.ms` = `{}`: raise the one or lower the other",
            millis(most),
            millis(first)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths are an i32 on the wire.
    const BYTES_MAX: usize = 1 << 30;

    fn builder() -> ProducerBuilder {
        ProducerBuilder::default().bootstrap_servers("localhost:9092")
    }

    #[track_caller]
    fn check_rejected(builder: ProducerBuilder, property: &str) {
        let error = builder.validate().unwrap_err();
        assert_eq!(error.property(), property, "{error}");
        assert!(error.message().contains(property), "{error}");
    }

    #[test]
    fn defaults_are_safe() {
        let config = builder().validate().unwrap();
        assert!(config.idempotence);
        assert_eq!((config.acks, config.max_in_flight, config.retries), (Acks::All, 5, 2_147_483_647));
        assert_eq!(config.close_timeout, Duration::from_secs(2 * 60));
        assert_eq!(config.max_request_size, 1_048_576);
    }

    #[test]
    fn configuration_without_a_broker_is_rejected() {
        check_rejected(ProducerBuilder::default(), "bootstrap.servers");
        check_rejected(ProducerBuilder::default().bootstrap_servers(" , "), "bootstrap.servers");
    }

    #[test]
    fn idempotence_is_off_where_other_settings_exclude_it_unless_it_is_set() {
        assert!(!builder().acks(Acks::Leader).validate().unwrap().idempotence);
        assert!(!builder().retries(0).validate().unwrap().idempotence);
        check_rejected(builder().idempotence(true).acks(Acks::Leader), "acks");
        check_rejected(builder().idempotence(true).retries(0), "retries");
    }

    #[test]
    fn more_than_five_in_flight_needs_idempotence_off() {
        check_rejected(builder().max_in_flight(6), "max.in.flight.requests.per.connection");
        assert_eq!(builder().max_in_flight(6).idempotence(false).validate().unwrap().max_in_flight, 6);
        check_rejected(builder().max_in_flight(0), "max.in.flight.requests.per.connection");
    }

    #[test]
    fn the_delivery_timeout_covers_linger_and_request() {
        let long = builder().request_timeout(Duration::from_secs(3 * 60)).validate().unwrap();
        assert_eq!(long.delivery_timeout, Duration::from_millis(180_005));
        check_rejected(builder().delivery_timeout(Duration::from_secs(30)), "delivery.timeout.ms");
        let short = builder().delivery_timeout(Duration::from_secs(31)).validate().unwrap();
        assert_eq!(short.close_timeout, Duration::from_secs(31));
    }

    #[test]
    fn sizes_beyond_the_buffer_are_rejected() {
        check_rejected(builder().buffer_memory(1_000), "batch.size");
        check_rejected(builder().buffer_memory(20_000).max_request_size(30_000), "max.request.size");
        assert_eq!(builder().buffer_memory(20_000).validate().unwrap().max_request_size, 20_000);
    }

    #[test]
    fn maximum_of_a_backoff_is_at_least_the_first_backoff() {
        let slow = builder().reconnect_backoff(Duration::from_secs(3)).validate().unwrap();
        assert_eq!(slow.reconnect_backoff_max, Duration::from_secs(3));
        check_rejected(
            builder().retry_backoff(Duration::from_secs(3)).retry_backoff_max(Duration::from_secs(2)),
            "retry.backoff.max.ms",
        );
    }

    #[test]
    fn maximum_of_the_connection_timeout_is_at_least_the_first_timeout() {
        let slow = builder().socket_setup_timeout(Duration::from_secs(60)).validate().unwrap();
        assert_eq!(slow.socket_setup_timeout_max, Duration::from_secs(60));
        let swift = builder().socket_setup_timeout_max(Duration::from_secs(1));
        check_rejected(swift, "socket.connection.setup.timeout.max.ms");
    }

    #[test]
    fn sizes_of_responses_and_socket_buffers_are_checked() {
        check_rejected(builder().receive_message_max(999), "receive.message.max.bytes");
        check_rejected(builder().receive_message_max(1 << 31), "receive.message.max.bytes");
        check_rejected(builder().send_buffer(0), "send.buffer.bytes");
        check_rejected(builder().connections_max_idle(Duration::ZERO), "connections.max.idle.ms");
    }

    #[test]
    fn unbounded_times_are_capped_so_that_they_can_be_added() {
        let config = builder().max_block(Duration::MAX).delivery_timeout(Duration::MAX).validate().unwrap();
        assert_eq!((config.max_block, config.delivery_timeout), (DURATION_MAX, DURATION_MAX));
        assert_eq!(config.metadata_max_idle, DURATION_MAX, "a topic with records in flight is not idle");
    }

    #[test]
    fn numbers_beyond_the_wire_format_are_rejected() {
        check_rejected(builder().request_timeout(Duration::from_secs(3_000_000)), "request.timeout.ms");
        check_rejected(builder().request_timeout(Duration::ZERO), "request.timeout.ms");
        check_rejected(builder().flush_messages(0), "flush.messages");
        check_rejected(builder().client_id("a\nb"), "client.id");
        check_rejected(builder().buffer_memory(2 << 30).max_request_size(BYTES_MAX + 1), "max.request.size");
    }
}
