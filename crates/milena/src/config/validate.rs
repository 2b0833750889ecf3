//! Rules between settings: from the settings as they were set to the effective configuration.
//!
//! A setting that was not set follows the others; one that was set and does not fit is an error (`ProducerConfig.java`,
//! `postProcessAndValidateIdempotenceConfigs` and `KafkaProducer.configureDeliveryTimeout`). Ranges of single settings are in
//! the [settings table](super::settings).

use std::time::Duration;

use milena_connection::Shown;

use super::options::Acks;
use super::origins::Origins;
use super::settings::{DURATION_MAX, ProducerConfig, Settings, is_default, millis};
use super::warning::ConfigWarning;
use super::{ProducerBuilder, servers, tls_files};
use crate::error::ConfigError;

/// Brokers keep the last five batches of a producer and partition to recognise duplicates (KIP-98).
const IN_FLIGHT_MAX_IDEMPOTENT: usize = 5;
/// The close timeout follows the delivery timeout up to here.
const CLOSE_TIMEOUT_MAX: Duration = Duration::from_secs(2 * 60);
/// A client id is a short string on the wire, and a part of log lines.
const CLIENT_ID_BYTES_MAX: usize = 249;

impl ProducerBuilder {
    /// Validates the settings, and returns the effective configuration. The files of TLS are read; no connection is opened.
    ///
    /// Everything that [`build`](Self::build) refuses without a network is refused here: values, mixes of settings, addresses,
    /// files that cannot be read, and texts that are no PEM.
    ///
    /// # Errors
    /// The first invalid setting: the property and its value as they were written, the rule, the remedy, and file and line
    /// where the setting came from a file.
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
        let checked = self.effective().and_then(|(config, by_name)| {
            let settings = by_name.then_some(&self.settings.security.tls);
            config.tls.as_ref().map_or(Ok(()), |tls| tls_files::check(tls, settings))?;
            Ok(config)
        });
        checked.map_err(|error| self.origins.place(error))
    }

    /// The effective configuration, without a look at the files of TLS; and whether TLS is set by properties.
    pub(super) fn effective(&self) -> Result<(ProducerConfig, bool), ConfigError> {
        let set = &self.settings;
        let mut config = set.resolve()?;
        let mut warnings = self.origins.warnings();
        check_client_id(&config)?;
        config.idempotence = idempotence(set.idempotence, &config)?;
        warnings.extend(set_sizes(set, &mut config)?);
        set_timeouts(set, &mut config)?;
        set_maxima(set, &mut config)?;
        let compression = set.compression.effective()?;
        let security = set.security.effective(set.tls.clone(), set.sasl.clone())?;
        let (servers, about_servers) =
            servers::effective(&config.bootstrap_servers, security.protocol.name())?;
        warnings.extend(about_servers);
        warnings.extend(unused(&self.origins, &security.unused, &compression.unused));
        let config = ProducerConfig {
            bootstrap_servers: servers.into(),
            compression: compression.compression,
            topic_compression: compression.topics,
            tls: security.tls,
            sasl: security.sasl,
            security: security.listed,
            unused: [security.unused, compression.unused].concat(),
            warnings: warnings.into_iter().map(|warning| self.origins.named(warning)).collect(),
            ..config
        };
        Ok((config, set.tls.is_none()))
    }
}

/// Warnings about settings that other settings leave without effect, unless they were set to a default.
fn unused(origins: &Origins, security: &[&'static str], levels: &[&'static str]) -> Vec<ConfigWarning> {
    let written = |name: &&'static str| match origins.written(name) {
        Some(written) if is_default(name, &written.value) => None,
        written => Some(written.map_or(*name, |written| &written.name).to_owned()),
    };
    let of = |names: &[&'static str], reason| {
        let names: Vec<_> = names.iter().filter_map(written).collect();
        (!names.is_empty()).then(|| ConfigWarning::without_effect(names, reason))
    };
    of(security, NOT_OF_THE_PROTOCOL).into_iter().chain(of(levels, NO_SUCH_LEVEL)).collect()
}

const NOT_OF_THE_PROTOCOL: &str = "the effective `security.protocol`, or another setting, excludes it";
const NO_SUCH_LEVEL: &str = "no topic is compressed by its codec, or another setting of the level goes before it, or the \
     codec is lz4, which has one speed";

fn check_client_id(config: &ProducerConfig) -> Result<(), ConfigError> {
    let client_id = &config.client_id;
    if client_id.len() > CLIENT_ID_BYTES_MAX || client_id.contains(char::is_control) {
        let fault = format!(
            " is not valid in the logs of brokers: write at most {CLIENT_ID_BYTES_MAX} bytes, without control characters"
        );
        return Err(ConfigError::of_value("client.id", Shown(client_id), &fault));
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
    let fault = format!(
        " excludes idempotence, which needs {needed}: change it, or set `enable.idempotence` to `false`, where a record may be \
         written twice"
    );
    ConfigError::of_value(property, value, &fault)
}

/// Sizes within the buffer. `buffer.memory` grows to a larger `max.request.size`, unless it is set: then it is the maximum
/// of a record, as in Java, where a larger one never finds room.
fn set_sizes(set: &Settings, config: &mut ProducerConfig) -> Result<Option<ConfigWarning>, ConfigError> {
    let size = config.max_request_size;
    if set.buffer_memory.is_none() && set.max_request_size.is_some() {
        config.buffer_memory = config.buffer_memory.max(size);
    }
    let (buffer, batch) = (config.buffer_memory, config.batch_size);
    if batch > buffer {
        let fault = format!(
            " is more than `buffer.memory` = `{buffer}`: lower the one or raise the other; 16384 and 33554432 are the defaults"
        );
        return Err(ConfigError::of_value("batch.size", batch, &fault));
    }
    config.batch_size = batch.max(1);
    config.max_request_size = size.min(buffer);
    Ok((set.max_request_size.is_some() && size > buffer).then(|| {
        let message = format!(
            "`max.request.size` is more than `buffer.memory`: the lesser counts, records of at most {buffer} bytes are accepted"
        );
        ConfigWarning::new("max.request.size", message)
    }))
}

/// Timeouts that follow another one.
fn set_timeouts(set: &Settings, config: &mut ProducerConfig) -> Result<(), ConfigError> {
    let least = config.linger.saturating_add(config.request_timeout).min(DURATION_MAX);
    if set.delivery_timeout.is_none() {
        config.delivery_timeout = config.delivery_timeout.max(least);
    } else if config.delivery_timeout < least {
        let fault = format!(
            " is less than `linger.ms` + `request.timeout.ms` = {} + {}: raise it, or lower one of them",
            millis(config.linger),
            millis(config.request_timeout)
        );
        return Err(ConfigError::of_value("delivery.timeout.ms", millis(config.delivery_timeout), &fault));
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
    let fault = format!(" is less than `{name}.ms` = `{}`: raise the one or lower the other", millis(first));
    Err(ConfigError::of_value(&format!("{name}.max.ms"), millis(most), &fault))
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
        assert_eq!(builder().buffer_memory(20_000).validate().unwrap().max_request_size, 20_000);
    }

    #[test]
    fn lesser_of_record_size_and_buffer_counts_with_a_warning() {
        let config = builder().buffer_memory(20_000).property("message.max.bytes", "30000").unwrap();
        let config = config.validate().unwrap();
        assert_eq!((config.buffer_memory, config.max_request_size), (20_000, 20_000));
        let warning = config.warnings()[0].to_string();
        assert!(warning.starts_with("config: `message.max.bytes` is more than `buffer.memory`"), "{warning}");
    }

    #[test]
    fn buffer_that_is_not_set_grows_to_the_record_size() {
        let config = builder().max_request_size(100_000_000).validate().unwrap();
        assert_eq!((config.buffer_memory, config.max_request_size), (100_000_000, 100_000_000));
        assert!(config.warnings().is_empty());
        check_rejected(builder().batch_size(100_000_000), "batch.size");
    }

    #[test]
    fn error_of_a_mix_names_the_property_as_it_was_written() {
        let text = "bootstrap.servers=a:1\nenable.idempotence=true\nProducer.RequiredAcks=WaitForLocal\n";
        let error = ProducerBuilder::default().properties(text).unwrap().validate().unwrap_err();
        let text = error.to_string();
        let expected = "config: line 3: `Producer.RequiredAcks` = `WaitForLocal` excludes idempotence";
        assert!(text.starts_with(expected), "{text}");
        let by_type = ProducerBuilder::default().properties("acks=0\nenable.idempotence=true\n").unwrap();
        let error = by_type.bootstrap_servers("a:1").acks(Acks::Leader).validate().unwrap_err();
        assert!(error.to_string().starts_with("config: `acks` = `1` excludes"), "{error}");
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
