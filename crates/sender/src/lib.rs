//! Every decision of the milena Kafka producer about batches, without I/O.
