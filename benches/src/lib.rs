//! Micro-benchmarks of what a record passes, in `benches/`: `cargo bench -p milena-bench`, or one of them by its name.
//!
//! | name | times |
//! |---|---|
//! | `accumulator` | a record into its partition's batch, with and without a seat |
//! | `records` | encoding a record, sealing a batch of 64 KiB, reading it |
//! | `compression` | compressing and decompressing a batch with each codec |
//! | `messages` | reading what a broker says of a thousand topics |
//! | `partitioner` | choosing a partition by key |
//!
//! `peers/` times the codec beside those of others, in a workspace of its own: `just bench-peers`.
//!
//! They tell which part got slower, not how fast the producer is: docs/performance.md measures the whole.
