//! Sockets, sessions and cluster metadata of the milena Kafka producer.
