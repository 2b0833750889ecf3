//! Properties, and who may read what is in them.

use crate::world::{World, run};

#[test]
fn every_property_is_listed_with_its_names_and_effective_value() {
    #[track_caller]
    fn check(arguments: &str, printed: &[&str]) {
        let stdout = run(arguments).expect(0).stdout.join("\n");
        for text in printed {
            assert!(stdout.contains(*text), "{stdout}");
        }
    }
    check("config", &["delivery.timeout.ms", "120000", "sasl.mechanism"]);
    check("config queue.buffering.max.ms", &["linger.ms", "Producer.Flush.Frequency"]);
    check("config ssl.crl.location", &["refused"]);
    check("config client.rack", &["without effect"]);
    check("config", &["compression.type  ", "compression.zstd.level", "compression.topics"]);
    check("config compression.codec", &["compression.type\n", "default: none", "Producer.Compression"]);
    check("config Producer.CompressionLevel", &["compression.level\n", "default: -1"]);
    check("config compression.lz4.level", &["default: 9", "without effect"]);
    check("config linger.ms -X linger.ms=20", &["default: 5\n", "effective: 20\n"]);
    check("config retries -X sasl.password=hunter2", &["type: number", "effective: 2147483647"]);
    check("config -X queue.buffering.max.ms=21 -b a:1", &["linger.ms  ", "  21  ", "a:1"]);
    run("config -X acks=9").expect(2).says("`acks` = `9`: write");
    run("config lingr.ms").expect(2).says("did you mean `linger.ms`?");
    let row = &run("config --json sasl.password").expect(0).json()[0];
    assert_eq!((row["secret"].as_bool(), row["also"][0].as_str()), (Some(true), Some("Net.SASL.Password")));
    let table = &run("config --json").expect(0).json()[0];
    assert!(table.as_array().unwrap().len() > 100);
}

/// A file of Java's tools, as it is.
fn javas(mechanism: &str, module: &str, password: &str) -> String {
    format!(
        "# what kafka-console-producer.sh takes as --command-config\n\
         security.protocol=SASL_PLAINTEXT\n\
         sasl.mechanism={mechanism}\n\
         sasl.jaas.config=org.apache.kafka.common.security.{module} required \\\n\
         \x20   username=\"alice\" \\\n\
         \x20   password=\"{password}\";\n\
         ssl.truststore.password={password}\n\
         key.serializer=org.apache.kafka.common.serialization.StringSerializer\n"
    )
}

const PLAIN: &str = "plain.PlainLoginModule";
const SCRAM: &str = "scram.ScramLoginModule";

#[tokio::test(flavor = "multi_thread")]
async fn properties_file_of_java_authenticates_and_its_secrets_are_not_printed() {
    let world = World::with(|cluster| cluster.user("alice", "hunter2")).await;
    for (mechanism, module) in [("PLAIN", PLAIN), ("SCRAM-SHA-256", SCRAM), ("SCRAM-SHA-512", SCRAM)] {
        let file = world.file("client.properties", javas(mechanism, module, "hunter2"));
        let ended = world.run(&format!("produce -vvv -t t --config {}", file.display()), "a\n").expect(0);
        let ended = ended.says("sasl.jaas.config").says("[hidden]").says("ssl.truststore.password");
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
    assert_eq!(world.all_values("t").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_on_the_command_line_authenticate() {
    let world = World::with(|cluster| cluster.user("alice", "hunter2")).await;
    let flags = "-X security.protocol=sasl_plaintext -X sasl.mechanisms=SCRAM-SHA-256 -X sasl.username=alice";
    let ended = world.run(
        &format!("perf -t t --num-records 1 --record-size 1 --json {flags} -X sasl.password=hunter2"),
        "",
    );
    let config = ended.expect(0).json()[0]["config"].to_string();
    assert!(config.contains("SCRAM-SHA-256") && !config.contains("hunter2"), "{config}");
    world.run(&format!("produce -t t {flags} -X sasl.password"), "").expect(2);
    world.run(&format!("produce -t t {flags}"), "").expect(2).says("`sasl.password` is not set");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_credentials_exit_with_3_and_are_not_printed() {
    let world = World::with(|cluster| cluster.user("alice", "hunter2")).await;
    for (mechanism, module) in [("PLAIN", PLAIN), ("SCRAM-SHA-256", SCRAM)] {
        let file = world.file("client.properties", javas(mechanism, module, "wrong-secret"));
        let ended = world.run(&format!("produce -vvv -t t -c {}", file.display()), "a\n").expect(3);
        let said = ended.says("credentials").stderr;
        assert!(!said.contains("wrong-secret"), "{said}");
    }
}

#[test]
fn errors_do_not_print_lines_of_a_private_key() {
    const LINE: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYFkxYH";
    for arguments in [
        format!("config {LINE}"),
        format!("config ssl.keystore.key={LINE}"),
        format!("produce -t t -X {LINE}"),
        format!("produce -t t -X {LINE}=x"),
        format!("produce -t t -X ssl.key.location=-----BEGIN{LINE}"),
        format!("produce -t t -X acks={LINE}"),
        format!("produce -t t -b alice:{LINE}@kafka:9092"),
    ] {
        let ended = run(&arguments).expect(2);
        let printed = format!("{:?}{}", ended.stdout, ended.stderr);
        assert!(!printed.contains(&LINE[8..16]), "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_properties_file_exits_with_2_and_the_remedy() {
    let world = World::new().await;
    let said = |content: &str, said: &str| {
        let file = world.file("client.properties", content);
        let ended = world.run(&format!("produce -t t -c {}", file.display()), "a\n").expect(2);
        let said = ended.says(said).stderr;
        assert!(!said.contains("hunter2"), "{said}");
    };
    said("security.protocol=TLS\n", "client.properties:1: `security.protocol` = `TLS`: write");
    said("security.protocol=SASL_SSL\n", "`GSSAPI`");
    said(
        "acks=all\nsasl.password=${file:/etc/kafka:hunter2}\n",
        "client.properties:2: `sasl.password` = `[hidden]`",
    );
    said(
        "security.protocol=SSL\nssl.truststore.location=a.jks\nssl.truststore.password=hunter2\n",
        "keytool",
    );
    said("security.protocol=SSL\nssl.endpoint.identification.algorithm=\n", "danger.accept.any.host.name");
    said("config.providers=file\n", "config.providers");
    said("sasl.password=a\nhunter2\n", "client.properties:2: this line is no property, and is not shown");
    said(
        "ssl.keystore.key=-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n",
        "client.properties:2: this line is no property, and is not shown, because it may be part of a secret: if the \
         value of the line before goes on here, end that line with a backslash",
    );
    said("ssl.key.location=-----BEGIN PRIVATE KEY-----\n", "write it as `ssl.keystore.key`");
}
