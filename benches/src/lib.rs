//! Micro-benchmarks of what a record passes, in `benches/`: `cargo bench -p milena-bench`, or one of them by its name.
//!
//! | name | times |
//! |---|---|
//! | `bars` | what must not cost more for each of many: look-ups of one topic, leaders that move, flushes that were given up; a whole producer |
//! | `accumulator` | a record into its partition's batch, with and without a record handle |
//! | `codecs` | a codec by itself on batches of any length, and an awaited record beside a flood that is compressed |
//! | `compression` | compressing and decompressing a batch with each codec |
//! | `partitioner` | choosing a partition by key |
//! | `tls` | what sending costs more under TLS, beside what the provider takes to seal as much |
//!
//! `peers/` times the codec's records and messages beside those of others, in a workspace of its own: `just bench-peers`.
//! `instructions/` counts instructions of the record's way and compares them with budgets: `just instructions`.
//!
//! They show which part got slower, not how fast the producer is: docs/performance.md measures the whole.
