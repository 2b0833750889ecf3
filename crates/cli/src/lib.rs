//! The command line of the milena Kafka producer.
