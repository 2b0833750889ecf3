//! Which partition a record goes to, as Java, sarama and librdkafka choose it.
