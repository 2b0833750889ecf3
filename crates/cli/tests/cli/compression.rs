//! `--compression`: how it is written, what it goes before, and what has no effect.

use crate::world::{World, run};

/// The commands that send records, each with what it needs.
const COMMANDS: [&str; 3] = [
    "produce -t t -b localhost:1",
    "perf -t t --num-records 1 --record-size 1 -b localhost:1",
    "demo --records 1 --no-faults",
];

#[test]
fn a_wrong_compression_exits_with_2_and_the_names_that_exist() {
    for command in COMMANDS {
        let with = |flags: &str| run(&format!("{command} {flags}")).expect(2);
        with("--compression zst").says("`compression` = `zst`: write one of none, gzip, snappy, lz4, zstd");
        with("--compression gzip:10").says("`compression` = `gzip:10`: write a level of gzip: 1 to 9, or -1");
        with("--compression snappy:1").says("snappy has no levels: write `snappy` alone");
        with("--compression").says("CODEC[:LEVEL]");
        with("-X compression.zstd.level=23").says("-X compression.zstd.level: ").says("-131072 to 22");
        with("-X compression.topics=orders").says("entry `orders`: write TOPIC=CODEC[:LEVEL]");
    }
}

#[test]
fn every_command_accepts_every_codec() {
    for compression in ["none", "gzip:9", "snappy", "lz4", "ZSTD:-7"] {
        run(&format!("demo --records 1000 --no-faults -q --compression {compression}")).expect(0);
        for command in &COMMANDS[..2] {
            let flags = format!("--compression {compression} -X connect.timeout.ms=100");
            run(&format!("{command} {flags}").replace("localhost:1", "127.0.0.1:1")).expect(3);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compression_flag_overrides_property_and_property_overrides_file() {
    let world = World::new().await;
    let file = world.file("client.properties", "compression.type=gzip\ncompression.zstd.level=9\n");
    let file = file.display();
    check(&world, "", &[("compression.type", "none")]);
    check(&world, &format!("-c {file}"), &[("compression.type", "gzip"), ("compression.gzip.level", "-1")]);
    check(&world, &format!("-c {file} -X compression.codec=lz4"), &[("compression.type", "lz4")]);
    let zstd = |level| [("compression.type", "zstd"), ("compression.zstd.level", level)];
    let flags = format!("-c {file} -X compression.codec=lz4 --compression zstd");
    check(&world, &flags, &zstd("9"));
    check(&world, &format!("{flags}:7"), &zstd("7"));
    check(&world, &format!("-c {file} -X compression=zstd:5"), &zstd("5"));
    check(
        &world,
        "-X compression.topics=t=zstd:5",
        &[("compression.type", "none"), ("compression.topics", "t=zstd:5")],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn level_without_effect_is_logged_as_a_warning() {
    let world = World::new().await;
    let warned = |flags: &str, property: &str| {
        let stderr = world.run(&format!("produce -t t --color never {flags}"), "").expect(0).stderr;
        let warning = format!("`{property}`");
        let told = stderr.lines().any(|line| line.contains("has no effect") && line.contains(&warning));
        assert!(told, "{stderr}");
    };
    warned("--compression lz4:9", "compression.lz4.level");
    warned("--compression gzip -X compression.zstd.level=9", "compression.zstd.level");
    warned("-X compression.codec=snappy -X compression.level=5", "compression.level");
    let quiet = world.run("produce -t t --compression zstd:9 -X compression.level=-1", "").expect(0);
    assert!(!quiet.stderr.contains("no effect"), "{}", quiet.stderr);
}

/// The settings of compression that `perf` reports as effective.
#[track_caller]
fn check(world: &World, flags: &str, expected: &[(&str, &str)]) {
    let line = format!("perf -t t --num-records 1 --record-size 1 --json -q {flags}");
    let report = world.run(&line, "").expect(0).json().remove(0);
    let properties = report["config"]["properties"].as_object().into_iter().flatten();
    let properties = properties.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    let told: Vec<_> = properties.filter(|(name, _)| name.starts_with("compression")).collect();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(told, expected, "{flags}");
}
