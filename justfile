# Shortcuts; `just` alone lists them. `.ci/run` defines the checks: a recipe for one of its steps calls it, the others are for
# measuring and for longer runs.

[private]
default:
    @just --list

# Some or all steps of CI, each with its log in target/ci.
ci *STEPS:
    .ci/run {{STEPS}}

# Formatting, lints and documentation.
check:
    .ci/run format lint docs

# All tests that need Rust alone.
test *ARGUMENTS:
    .ci/run --do tests {{ARGUMENTS}}

# Rewrite the tables of docs/errors.md from the errors of the binary.
errors:
    MILENA_ERRORS=write cargo test -p milena-cli --test cli errors

# Every interleaving of threads over the sender's shared state.
loom:
    .ci/run --do loom

# CRATE builds with every subset of FEATURES, as in `just powerset milena gzip zstd oidc serde`.
powerset CRATE *FEATURES:
    .ci/run --do powerset {{CRATE}} {{FEATURES}}

# The lowest versions of direct dependencies compile; needs the registry.
minimal-versions:
    .ci/run --do minimal-versions

# Changes of public items against docs/public-api, for the choice of the next version; `set` writes the lists. Needs cargo-public-api.
public-api *SET:
    .ci/run --do public-api {{SET}}

# Known vulnerabilities in Cargo.lock; needs cargo-audit and the RustSec database (a copy: --db DIR --no-fetch --stale).
advisories *ARGUMENTS:
    cargo audit {{ARGUMENTS}}

# Random callers, connections and brokers around the sender.
chaos SEEDS="100000":
    MILENA_CHAOS_SEEDS={{SEEDS}} .ci/run --do chaos -- --nocapture

# The whole producer on the fake cluster with random faults.
soak SEEDS="10000":
    MILENA_SOAK_SEEDS={{SEEDS}} .ci/run --do tests -p milena-tests --release --test faults soak -- --nocapture

# A real cluster; needs Java 17 and Maven.
kafka *ARGUMENTS:
    .ci/run --do kafka {{ARGUMENTS}}

# A single Kafka node that restarts while written batches are unacknowledged.
kafka-restarts ROUNDS="50":
    MILENA_RESTART_ROUNDS={{ROUNDS}} .ci/run --do kafka --test kafka restarts::unanswered -- --nocapture

# The same with Java's producer for comparison; RELEASE is 4.4 or 3.9.
kafka-restarts-java ROUNDS="10" RELEASE="4.4":
    MILENA_RESTART_ROUNDS={{ROUNDS}} MILENA_RESTART_RELEASE={{RELEASE}} .ci/run --do kafka --test kafka restarts::java -- --nocapture

# Sessions with a lifetime of ten seconds under load, on a real broker.
reauth-soak SECONDS="600":
    MILENA_REAUTH_SECONDS={{SECONDS}} .ci/run --do kafka --test kafka expiring -- --nocapture

# Records compressed by zstd to three Kafka nodes, one of which is killed.
kafka-story-zstd RECORDS="1000000":
    MILENA_STORY_RECORDS={{RECORDS}} .ci/run --do kafka --test kafka story::records_of_zstd -- --nocapture

# librdkafka reads the records that milena wrote; needs Python 3.
interop:
    .ci/run --do interop

# Fuzz TARGET; needs cargo-fuzz and a C++ compiler.
fuzz TARGET SECONDS="60":
    RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz {{TARGET}} -- -max_total_time={{SECONDS}} -rss_limit_mb=2048

# The names of the fuzz targets.
fuzz-targets:
    cargo fuzz list --fuzz-dir fuzz

# Micro-benchmarks; docs/performance.md describes the measurements of the whole producer.
bench *ARGUMENTS:
    cargo bench -p milena-bench {{ARGUMENTS}}

# Processor time per record of the codecs alone, in batches of these sizes.
bench-codecs *RECORDS="600 20000":
    cargo bench -p milena-bench --bench codecs -- bare {{RECORDS}}

# A whole producer: 40 000 look-ups of one topic, 4 000 leader changes, 100 000 cancelled flushes.
bench-bars:
    cargo bench -p milena-bench --bench bars

# Latency of an awaited record beside a saturating load, per codec; BROKER has a topic `bench` of two partitions.
bench-beside BROKER="127.0.0.1:19092":
    cargo bench -p milena-bench --bench codecs -- beside {{BROKER}}

# The codec in comparison with kafka-protocol's and rskafka's.
bench-peers *ARGUMENTS:
    cargo bench --manifest-path benches/peers/Cargo.toml {{ARGUMENTS}}

# Instructions per record and per response; needs valgrind. `just instructions set` writes new budgets.
instructions *ARGUMENTS:
    .ci/run --do instructions {{ARGUMENTS}}

# A million records through an embedded cluster while a broker dies.
demo *ARGUMENTS:
    .ci/run --do demo {{ARGUMENTS}}
