//! An in-process Kafka cluster, strict where a real one is.
