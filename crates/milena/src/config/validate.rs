//! From what was set to what is in force: every relation between settings is checked here, and nowhere else.
//!
//! A setting that nobody made follows those that were made; one that was made and does not fit is an error
//! (`ProducerConfig.java`, `postProcessAndValidateIdempotenceConfigs` and `KafkaProducer.configureDeliveryTimeout`).

use std::time::Duration;

use milena_connection::Shown;

use super::builder::ProducerBuilder;
use super::options::{Acks, ProducerConfig};
use crate::error::ConfigError;

/// Brokers keep the last five batches of a producer and partition, to know a copy by (KIP-98).
const IN_FLIGHT_MAX_IDEMPOTENT: usize = 5;
/// Requests in flight without idempotence; the bound of what a connection has to remember.
const IN_FLIGHT_MAX: usize = 1_000;
/// Longer than any producer runs; so that adding it to a time never overflows.
const DURATION_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
/// Milliseconds are an i32 on the wire.
const REQUEST_TIMEOUT_MAX: Duration = Duration::from_millis(i32::MAX.unsigned_abs() as u64);
/// Lengths are an i32 on the wire; half of it leaves room for what stands around a record.
const BYTES_MAX: usize = 1 << 30;
/// The lengths of answers, and what sockets take as the size of a buffer, are an i32.
const I32_MAX: usize = i32::MAX.unsigned_abs() as usize;
/// The least that `receive.message.max.bytes` may be, as in librdkafka: an answer to ApiVersions has to fit.
const RECEIVE_BYTES_MIN: usize = 1_000;
/// The close timeout follows the delivery timeout up to here.
const CLOSE_TIMEOUT_MAX: Duration = Duration::from_secs(2 * 60);
/// A client id is a short string on the wire; this is what a log line bears.
const CLIENT_ID_BYTES_MAX: usize = 249;

impl ProducerBuilder {
    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// The first setting that cannot be, with its value and the remedy.
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
        self.check_names()?;
        let idempotence = self.idempotence_in_force()?;
        let max_request_size = self.max_request_size_in_force()?;
        self.check_numbers()?;
        let delivery_timeout = self.delivery_timeout_in_force()?;
        let security = self.security.clone().in_force(self.draft.tls.clone(), self.draft.sasl.clone())?;
        if let Some(sasl) = &security.sasl {
            // What no broker can be sent is better known now than when one asks.
            let refused =
                |error| ConfigError::new("sasl.mechanism", format!("`{}`: {error}", sasl.mechanism()));
            sasl.validate().map_err(refused)?;
        }
        let compression = self.compression.effective()?;
        let draft = &self.draft;
        let default_close = delivery_timeout.min(CLOSE_TIMEOUT_MAX);
        Ok(ProducerConfig {
            idempotence,
            max_request_size,
            batch_size: draft.batch_size.max(1),
            linger: draft.linger.min(DURATION_MAX),
            delivery_timeout: delivery_timeout.min(DURATION_MAX),
            write_timeout: self.write_timeout.unwrap_or(draft.request_timeout).min(DURATION_MAX),
            max_block: draft.max_block.min(DURATION_MAX),
            metadata_max_age: draft.metadata_max_age.min(DURATION_MAX),
            // Before that something may still be under way to a topic without a record.
            metadata_max_idle: draft.metadata_max_idle.max(delivery_timeout).min(DURATION_MAX),
            connect_timeout: draft.connect_timeout.min(DURATION_MAX),
            socket_setup_timeout: draft.socket_setup_timeout.min(DURATION_MAX),
            close_timeout: self.close_timeout.unwrap_or(default_close).min(DURATION_MAX),
            retry_backoff: draft.retry_backoff.min(DURATION_MAX),
            reconnect_backoff: draft.reconnect_backoff.min(DURATION_MAX),
            retry_backoff_max: most(
                "retry.backoff",
                draft.retry_backoff,
                draft.retry_backoff_max,
                self.retry_backoff_max,
            )?,
            reconnect_backoff_max: most(
                "reconnect.backoff",
                draft.reconnect_backoff,
                draft.reconnect_backoff_max,
                self.reconnect_backoff_max,
            )?,
            socket_setup_timeout_max: most(
                "socket.connection.setup.timeout",
                draft.socket_setup_timeout,
                draft.socket_setup_timeout_max,
                self.socket_setup_timeout_max,
            )?,
            rebootstrap_trigger: draft.rebootstrap_trigger.min(DURATION_MAX),
            connections_max_idle: draft.connections_max_idle.map(|idle| idle.min(DURATION_MAX)),
            tls: security.tls,
            sasl: security.sasl,
            told: security.told,
            compression: compression.compression,
            topic_compression: compression.topics,
            unused: [security.unused, compression.unused].concat(),
            ..self.draft
        })
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        if self.draft.bootstrap_servers.split(',').all(|server| server.trim().is_empty()) {
            return Err(ConfigError::new(
                "bootstrap.servers",
                "`bootstrap.servers` is not set: name at least one broker as `host:port`",
            ));
        }
        let client_id = &self.draft.client_id;
        if client_id.len() > CLIENT_ID_BYTES_MAX || client_id.contains(char::is_control) {
            return Err(ConfigError::new(
                "client.id",
                format!(
                    "`client.id` = `{}` goes into brokers' logs: write at most {CLIENT_ID_BYTES_MAX} bytes, and no \
                     control characters",
                    Shown(client_id)
                ),
            ));
        }
        Ok(())
    }

    /// Asked for and excluded is an error; excluded and not asked for is off. More than five in flight is always an
    /// error, because nobody who asks for throughput means to give up the order with it.
    fn idempotence_in_force(&self) -> Result<bool, ConfigError> {
        let draft = &self.draft;
        if self.idempotence == Some(false) {
            return Ok(false);
        }
        let asked = self.idempotence == Some(true);
        if draft.acks != Acks::All {
            return if asked { Err(excludes("acks", draft.acks.name(), "`acks=all`")) } else { Ok(false) };
        }
        if draft.retries == 0 {
            return if asked { Err(excludes("retries", "0", "at least one")) } else { Ok(false) };
        }
        if draft.max_in_flight > IN_FLIGHT_MAX_IDEMPOTENT {
            let value = draft.max_in_flight.to_string();
            return Err(excludes("max.in.flight.requests.per.connection", &value, "at most 5"));
        }
        Ok(true)
    }

    fn max_request_size_in_force(&self) -> Result<usize, ConfigError> {
        let (buffer, batch) = (self.draft.buffer_memory, self.draft.batch_size);
        if batch > buffer {
            return Err(ConfigError::new(
                "batch.size",
                format!(
                    "`batch.size` = `{batch}` is more than `buffer.memory` = `{buffer}`: lower the one or raise the \
                     other; 16384 and 33554432 are the defaults"
                ),
            ));
        }
        match self.max_request_size {
            None => Ok(self.draft.max_request_size.min(buffer)),
            Some(size) if size > buffer => Err(ConfigError::new(
                "max.request.size",
                format!(
                    "`max.request.size` = `{size}` allows records that never fit `buffer.memory` = `{buffer}`: lower \
                     the one or raise the other"
                ),
            )),
            Some(size) => Ok(size),
        }
    }

    fn check_numbers(&self) -> Result<(), ConfigError> {
        let draft = &self.draft;
        let max_request_size = self.max_request_size.unwrap_or(draft.max_request_size);
        in_range("batch.size", draft.batch_size, 0, BYTES_MAX)?;
        in_range("max.request.size", max_request_size, 1, BYTES_MAX)?;
        in_range("request.bytes.max", draft.request_bytes_max, 1, BYTES_MAX)?;
        in_range("buffer.memory", draft.buffer_memory, 1, usize::MAX)?;
        in_range("receive.message.max.bytes", draft.receive_message_max, RECEIVE_BYTES_MIN, I32_MAX)?;
        in_range("send.buffer.bytes", draft.send_buffer.unwrap_or(1), 1, I32_MAX)?;
        in_range("receive.buffer.bytes", draft.receive_buffer.unwrap_or(1), 1, I32_MAX)?;
        in_range("max.in.flight.requests.per.connection", draft.max_in_flight, 1, IN_FLIGHT_MAX)?;
        if draft.flush_messages == Some(0) {
            return Err(ConfigError::new(
                "flush.messages",
                "`flush.messages` = `0` says nothing: leave it out to count bytes alone, or write 1 or more",
            ));
        }
        let waits = [
            ("request.timeout.ms", draft.request_timeout, REQUEST_TIMEOUT_MAX),
            ("write.timeout.ms", self.write_timeout.unwrap_or(draft.request_timeout), Duration::MAX),
            ("connect.timeout.ms", draft.connect_timeout, Duration::MAX),
            ("socket.connection.setup.timeout.ms", draft.socket_setup_timeout, Duration::MAX),
            ("connections.max.idle.ms", draft.connections_max_idle.unwrap_or(Duration::MAX), Duration::MAX),
            ("metadata.recovery.rebootstrap.trigger.ms", draft.rebootstrap_trigger, Duration::MAX),
            ("metadata.max.age.ms", draft.metadata_max_age, Duration::MAX),
            ("metadata.max.idle.ms", draft.metadata_max_idle, Duration::MAX),
        ];
        for (name, wait, most) in waits {
            if wait < Duration::from_millis(1) || wait > most {
                let most = most.as_millis().min(u128::from(u64::MAX));
                return Err(ConfigError::new(
                    name,
                    format!("`{name}` = `{}`: write 1 to {most} milliseconds", millis(wait)),
                ));
            }
        }
        Ok(())
    }

    fn delivery_timeout_in_force(&self) -> Result<Duration, ConfigError> {
        let least = self.draft.linger.saturating_add(self.draft.request_timeout);
        match self.delivery_timeout {
            None => Ok(self.draft.delivery_timeout.max(least)),
            Some(timeout) if timeout < least => Err(ConfigError::new(
                "delivery.timeout.ms",
                format!(
                    "`delivery.timeout.ms` = `{}` is less than `linger.ms` + `request.timeout.ms` = {} + {}: raise \
                     it, or lower one of them",
                    millis(timeout),
                    millis(self.draft.linger),
                    millis(self.draft.request_timeout)
                ),
            )),
            Some(timeout) => Ok(timeout),
        }
    }
}

/// A setting that idempotence cannot live with.
fn excludes(property: &str, value: &str, needed: &str) -> ConfigError {
    ConfigError::new(
        property,
        format!(
            "`{property}` = `{value}` excludes idempotence, which needs {needed}: change it, or set \
             `enable.idempotence` to `false`, where a record may be written twice"
        ),
    )
}

fn in_range(property: &str, value: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::new(property, format!("`{property}` = `{value}`: write {least} to {most}")))
}

/// The most that a wait grows to: what was set, and otherwise the default or the first wait, whichever is more.
fn most(
    name: &str,
    first: Duration,
    default: Duration,
    explicit: Option<Duration>,
) -> Result<Duration, ConfigError> {
    match explicit {
        Some(most) if most < first => Err(ConfigError::new(
            format!("{name}.max.ms"),
            format!(
                "`{name}.max.ms` = `{}` is less than `{name}.ms` = `{}`: raise the one or lower the other",
                millis(most),
                millis(first)
            ),
        )),
        most => Ok(most.unwrap_or_else(|| default.max(first)).min(DURATION_MAX)),
    }
}

/// Milliseconds as properties have them, with fractions where there are some.
pub(super) fn millis(duration: Duration) -> String {
    match duration.subsec_nanos() % 1_000_000 {
        0 => duration.as_millis().to_string(),
        _ => (duration.as_secs_f64() * 1_000.0).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> ProducerBuilder {
        ProducerBuilder::default().bootstrap_servers("localhost:9092")
    }

    #[track_caller]
    fn check_refused(builder: ProducerBuilder, property: &str) {
        let error = builder.validate().unwrap_err();
        assert_eq!(error.property(), property, "{error}");
        assert!(error.message().contains(property), "{error}");
    }

    #[test]
    fn the_defaults_are_the_safe_ones() {
        let config = builder().validate().unwrap();
        assert!(config.idempotence);
        assert_eq!((config.acks, config.max_in_flight, config.retries), (Acks::All, 5, 2_147_483_647));
        assert_eq!(config.close_timeout, Duration::from_secs(2 * 60));
        assert_eq!(config.max_request_size, 1_048_576);
    }

    #[test]
    fn no_broker_is_no_configuration() {
        check_refused(ProducerBuilder::default(), "bootstrap.servers");
        check_refused(ProducerBuilder::default().bootstrap_servers(" , "), "bootstrap.servers");
    }

    #[test]
    fn idempotence_gives_way_unless_it_was_asked_for() {
        assert!(!builder().acks(Acks::Leader).validate().unwrap().idempotence);
        assert!(!builder().retries(0).validate().unwrap().idempotence);
        check_refused(builder().idempotence(true).acks(Acks::Leader), "acks");
        check_refused(builder().idempotence(true).retries(0), "retries");
    }

    #[test]
    fn more_than_five_in_flight_needs_idempotence_off() {
        check_refused(builder().max_in_flight(6), "max.in.flight.requests.per.connection");
        assert_eq!(builder().max_in_flight(6).idempotence(false).validate().unwrap().max_in_flight, 6);
        check_refused(builder().max_in_flight(0), "max.in.flight.requests.per.connection");
    }

    #[test]
    fn the_delivery_timeout_covers_linger_and_request() {
        let long = builder().request_timeout(Duration::from_secs(3 * 60)).validate().unwrap();
        assert_eq!(long.delivery_timeout, Duration::from_millis(180_005));
        check_refused(builder().delivery_timeout(Duration::from_secs(30)), "delivery.timeout.ms");
        let short = builder().delivery_timeout(Duration::from_secs(31)).validate().unwrap();
        assert_eq!(short.close_timeout, Duration::from_secs(31));
    }

    #[test]
    fn what_can_never_fit_the_memory_is_refused() {
        check_refused(builder().buffer_memory(1_000), "batch.size");
        check_refused(builder().buffer_memory(20_000).max_request_size(30_000), "max.request.size");
        assert_eq!(builder().buffer_memory(20_000).validate().unwrap().max_request_size, 20_000);
    }

    #[test]
    fn a_backoff_grows_at_least_to_where_it_starts() {
        let slow = builder().reconnect_backoff(Duration::from_secs(3)).validate().unwrap();
        assert_eq!(slow.reconnect_backoff_max, Duration::from_secs(3));
        check_refused(
            builder().retry_backoff(Duration::from_secs(3)).retry_backoff_max(Duration::from_secs(2)),
            "retry.backoff.max.ms",
        );
    }

    #[test]
    fn the_time_to_reach_a_broker_grows_from_the_first_to_the_most() {
        let slow = builder().socket_setup_timeout(Duration::from_secs(60)).validate().unwrap();
        assert_eq!(slow.socket_setup_timeout_max, Duration::from_secs(60));
        let swift = builder().socket_setup_timeout_max(Duration::from_secs(1));
        check_refused(swift, "socket.connection.setup.timeout.max.ms");
    }

    #[test]
    fn an_answer_has_room_for_what_a_broker_says_first() {
        check_refused(builder().receive_message_max(999), "receive.message.max.bytes");
        check_refused(builder().receive_message_max(1 << 31), "receive.message.max.bytes");
        check_refused(builder().send_buffer(0), "send.buffer.bytes");
        check_refused(builder().connections_max_idle(Duration::ZERO), "connections.max.idle.ms");
    }

    #[test]
    fn waiting_for_ever_is_a_time_that_can_be_added() {
        let config = builder().max_block(Duration::MAX).delivery_timeout(Duration::MAX).validate().unwrap();
        assert_eq!((config.max_block, config.delivery_timeout), (DURATION_MAX, DURATION_MAX));
        assert_eq!(config.metadata_max_idle, DURATION_MAX, "a topic is in use while something is under way");
    }

    #[test]
    fn numbers_that_the_wire_cannot_carry_are_refused() {
        check_refused(builder().request_timeout(Duration::from_secs(3_000_000)), "request.timeout.ms");
        check_refused(builder().request_timeout(Duration::ZERO), "request.timeout.ms");
        check_refused(builder().flush_messages(0), "flush.messages");
        check_refused(builder().client_id("a\nb"), "client.id");
        check_refused(builder().buffer_memory(2 << 30).max_request_size(BYTES_MAX + 1), "max.request.size");
    }
}
