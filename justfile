# What is run often. `just` alone lists it; each recipe is a plain command that works without just too.

[private]
default:
    @just --list

# Format and lint everything, as CI does.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# All tests that need Rust alone.
test *ARGUMENTS:
    cargo test {{ARGUMENTS}}

# Every order in which threads can meet.
loom:
    RUSTFLAGS="--cfg loom" cargo test -p milena-sender --release --lib --target-dir target/loom models

# Callers, senders and brokers by chance, from as many seeds.
chaos SEEDS="100000":
    MILENA_CHAOS_SEEDS={{SEEDS}} cargo test -p milena-sender --release --lib chaos -- --nocapture

# The whole producer on the fake cluster, brokers that fail by chance, from as many seeds.
soak SEEDS="10000":
    MILENA_SOAK_SEEDS={{SEEDS}} cargo test -p milena-tests --release --test faults soak -- --nocapture

# A single node that stops and starts again with unanswered batches written, so many times.
kafka-restarts ROUNDS="50":
    MILENA_RESTART_ROUNDS={{ROUNDS}} cargo test -p milena-tests --features kafka --test kafka restarts::unanswered -- --nocapture

# The same with Java's producer beside milena, and a table of both; RELEASE is 4.4 or 3.9.
kafka-restarts-java ROUNDS="10" RELEASE="4.4":
    MILENA_RESTART_ROUNDS={{ROUNDS}} MILENA_RESTART_RELEASE={{RELEASE}} cargo test -p milena-tests --features kafka --test kafka restarts::java -- --nocapture

# On a real cluster; needs Java 17 and Maven.
kafka *ARGUMENTS:
    cargo test -p milena-tests --features kafka {{ARGUMENTS}}

# Sessions that expire every ten seconds, under load, on a real broker.
reauth-soak SECONDS="600":
    MILENA_REAUTH_SECONDS={{SECONDS}} cargo test -p milena-tests --features kafka --test kafka expiring -- --nocapture

# A million records compressed by zstd to three nodes of which one is killed.
kafka-story-zstd RECORDS="1000000":
    MILENA_STORY_RECORDS={{RECORDS}} cargo test -p milena-tests --features kafka --test kafka story::records_of_zstd -- --nocapture

# librdkafka reads back what milena wrote; needs Python 3.
interop:
    .ci/run tools interop

# Look for inputs that break TARGET; needs cargo-fuzz and a C++ compiler. `just fuzz-targets` lists the targets.
fuzz TARGET SECONDS="60":
    RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz {{TARGET}} -- -max_total_time={{SECONDS}} -rss_limit_mb=2048

fuzz-targets:
    cargo fuzz list --fuzz-dir fuzz

# Micro-benchmarks; docs/performance.md says how to measure the whole.
bench *ARGUMENTS:
    cargo bench -p milena-bench {{ARGUMENTS}}

# Instructions of the record's way beside their budgets; needs valgrind. `just instructions set` writes new budgets.
instructions *ARGUMENTS:
    cargo run --profile instructions -p milena-instructions {{ARGUMENTS}}

# Processor time of bare codecs, a record of batches of so many.
bench-codecs *RECORDS="600 20000":
    cargo bench -p milena-bench --bench codecs -- bare {{RECORDS}}

# 40 000 look-ups of one topic, 4 000 leaders that move, 100 000 flushes that were given up, on a whole producer.
bench-bars:
    cargo bench -p milena-bench --bench bars

# An awaited record beside a flood, with each codec; BROKER costs nothing and has a topic `bench` of two partitions.
bench-beside BROKER="127.0.0.1:19092":
    cargo bench -p milena-bench --bench codecs -- beside {{BROKER}}

# The codec beside kafka-protocol's and rskafka's.
bench-peers *ARGUMENTS:
    cargo bench --manifest-path benches/peers/Cargo.toml {{ARGUMENTS}}

# A million records through an embedded cluster while a broker dies.
demo *ARGUMENTS:
    cargo run --release -- demo {{ARGUMENTS}}

# Everything that CI runs.
ci *STEPS:
    .ci/run {{STEPS}}
