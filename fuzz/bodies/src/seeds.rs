//! The seeds of fuzzing: inputs that our own encoders make, so that a fuzzer need not find them.

use milena_codec::compression::{Compression, Compressor};
use milena_codec::message as ours;
use milena_codec::message::{Message, Version};
use milena_codec::record::{BatchHeader, HEADER_BYTES, Header, Stamp, put_record};
use milena_codec::wire::generate::{Generate, RandomBytes};

/// A seed: the target, a name for the file, and the input.
pub type Seed = (&'static str, String, Vec<u8>);

/// All seeds, the same ones each time.
#[must_use]
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    every_message(&mut seeds);
    clusters(&mut seeds);
    records(&mut seeds);
    rows(&mut seeds);
    compressed(&mut seeds);
    texts(&mut seeds);
    modules(&mut seeds);
    scripts(&mut seeds);
    seeds
}

/// A message in its first, middle and last version, behind the bytes that choose it.
fn messages<M: Message + Generate>(seeds: &mut Vec<Seed>, target: &'static str, which: u8) {
    let (first, last) = (*M::VERSIONS.start(), *M::VERSIONS.end());
    for number in [first, i16::midpoint(first, last), last] {
        let version = Version::of::<M>(number);
        let mut input = vec![which, u8::try_from(number - first).unwrap_or_default()];
        if M::generate(&mut RandomBytes::new(&choices(which)), version).encode(&mut input, version).is_ok() {
            seeds.push((target, format!("{}-{number}", M::NAME), input));
        }
    }
}

/// RandomBytes for a message in its last version, behind the bytes that choose it.
fn random<M: Message>(seeds: &mut Vec<Seed>, which: u8) {
    let version = u8::try_from(*M::VERSIONS.end() - *M::VERSIONS.start()).unwrap_or_default();
    let input = [&[which, version | 0x80], &choices(which)[..]].concat();
    seeds.push(("differential", format!("{}-dice", M::NAME), input));
}

fn choices(which: u8) -> Vec<u8> {
    (0..160u8).map(|index| index.wrapping_mul(37).wrapping_add(which)).collect()
}

fn every_message(seeds: &mut Vec<Seed>) {
    macro_rules! every_message {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            let numbers = &mut (0u8..);
            $( messages::<ours::$request>(seeds, "requests", numbers.next().unwrap_or_default()); )*
            let numbers = &mut (0u8..);
            $( messages::<ours::$response>(seeds, "responses", numbers.next().unwrap_or_default()); )*
            let numbers = &mut (0u8..);
            $( messages::<ours::$request>(seeds, "differential", numbers.next().unwrap_or_default()); )*
            $( messages::<ours::$response>(seeds, "differential", numbers.next().unwrap_or_default()); )*
            let numbers = &mut (0u8..);
            $( random::<ours::$request>(seeds, numbers.next().unwrap_or_default()); )*
            $( random::<ours::$response>(seeds, numbers.next().unwrap_or_default()); )*
        };
    }
    milena_codec::for_each_message!(every_message);
}

/// Three Metadata responses, one of which is older than the one before.
fn clusters(seeds: &mut Vec<Seed>) {
    for version in [0, 9, 13] {
        let mut input = vec![version];
        for epoch in [3, 5, 4] {
            let answer =
                cluster(epoch).encode(&mut input, Version::of::<ours::MetadataResponse>(version.into()));
            assert!(answer.is_ok());
        }
        seeds.push(("metadata", format!("epochs-{version}"), input));
    }
}

/// A cluster of one broker that leads both topics in use.
fn cluster(epoch: i32) -> ours::MetadataResponse {
    let broker = ours::MetadataResponseBroker { host: "broker".to_owned(), port: 9092, ..Default::default() };
    let partition = ours::MetadataResponsePartition {
        leader_epoch: milena_codec::ids::LeaderEpoch(epoch),
        ..Default::default()
    };
    let topic = |name: &&str| ours::MetadataResponseTopic {
        name: Some((*name).to_owned()),
        partitions: vec![partition.clone()],
        ..Default::default()
    };
    let topics = crate::metadata::WANTED.iter().map(topic).collect();
    ours::MetadataResponse { brokers: vec![broker], topics, ..Default::default() }
}

fn records(seeds: &mut Vec<Seed>) {
    let headers = [Header::new("trace", "7"), Header { name: String::new(), value: None }];
    let mut records = Vec::new();
    put_record(&mut records, 0, 0, Some(b"key"), Some(b"value"), &[]);
    put_record(&mut records, 1, 70_000, None, None, &headers);
    put_record(&mut records, 2, -5, Some(b""), Some(&[7; 300]), &headers[..1]);

    let mut batch = [&[0; HEADER_BYTES], &records[..]].concat();
    BatchHeader::of_producer(3, 1_700_000_000_000, 1_700_000_070_000, Stamp::NONE).seal(&mut batch, []);
    seeds.push(("batches", "sealed".to_owned(), batch.clone()));
    seeds.push(("batches", "records".to_owned(), [&[3], &records[..]].concat()));
    for limit in [0u16, 64, 400] {
        let input = [&limit.to_be_bytes(), &records[..]].concat();
        seeds.push(("splits", format!("limit-{limit}"), input));
    }
    let framed =
        |content: &[u8]| [&u32::try_from(content.len()).unwrap_or_default().to_be_bytes(), content].concat();
    let two = [framed(&batch), framed(b""), framed(b"abc")].concat();
    seeds.push(("frames", "several".to_owned(), [&[0, 40], &two[..]].concat()));
    seeds.push(("frames", "tls-alert".to_owned(), vec![1, 0, 0x15, 3, 3, 0, 2, 2, 70]));
}

/// Scripts of records, and of what is done with them, see `naive` and `builder`.
fn rows(seeds: &mut Vec<Seed>) {
    let bare = [20, 0, 1, 3, b'a', b'b', b'c', 0];
    let keyed = [30, 1, 2, b'k', b'1', 1, 5, 1, 2, 3, 4, 5, 2, 1, b'h', 0, 1, b'h', 1, 1, 9];
    let repeated = [19, 0, 1, 255, b'x', 4, 0, 0];
    let wide = [255, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0];
    let all = [&[7, 0, 3][..], &bare, &keyed, &repeated, &wide].concat();
    seeds.push(("records", "rows".to_owned(), all));
    let append = |row: &[u8]| [&[0], row].concat();
    let filled = [append(&bare), append(&keyed), append(&bare), append(&repeated), append(&wide)].concat();
    let ends = [
        ("stamped", [4, 0, 5, 9, 0, 3].to_vec()),
        ("stamped-again", [4, 1, 5, 9, 0, 255, 7, 9, 1, 0, 4, 0].to_vec()),
        ("split", [4, 0, 6, 0, 100, 5, 9, 0, 254, 6, 0, 90, 7, 9, 1, 0].to_vec()),
        ("compressed", [4, 0, 8, 4, 5, 9, 0, 254, 9, 4, 0, 100].to_vec()),
    ];
    for (name, end) in ends {
        let script = [&[8, 0, 200], &filled[..], &end, &filled, &end].concat();
        seeds.push(("builder", name.to_owned(), script));
    }
}

/// Lines that come again, and noise, in every codec.
fn compressed(seeds: &mut Vec<Seed>) {
    let line = b"1700000000 INFO a line that comes again, and again, and again\n".repeat(20);
    for compression in Compression::ALL {
        let which = compression.id();
        seeds.push(("compression", compression.to_string(), [&[which, 3, 2, 1], &line[..]].concat()));
        seeds.push((
            "compression",
            format!("{compression}-noise"),
            [&[which, 0, 128, 30], &line[..]].concat(),
        ));
        let mut input = vec![which, 4, 0];
        if let Ok(mut compressor) = Compressor::new(compression, None) {
            let _ = compressor.compress(line.chunks(700), &mut input);
        }
        seeds.push(("decompression", compression.to_string(), input));
    }
}

fn texts(seeds: &mut Vec<Seed>) {
    let lists =
        ["localhost:9092", " a:1 ,b:2,, [::1]:9092", "kafka://a:1", "a", "a:0", "[fe80::1%eth0]:65535"];
    for (number, list) in lists.iter().enumerate() {
        seeds.push(("endpoints", format!("list-{number}"), list.as_bytes().to_vec()));
    }
    let files = [
        "# A comment\nbootstrap.servers=a:1,\\\n  b:2\nacks = all\nlinger.ms : 5\n",
        "bootstrap.servers a:1\r\nclient.id=\\u00e9\\t\nbuffer.memory=33554432\nretries=-1\n",
        "bootstrap.servers=a:1\nsecurity.protocol=SASL_SSL\n",
        "lingr.ms=5\n",
        "bootstrap.servers=a:1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n\
         sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\\n  \
         username=\"alice\" \\\n  password=\"s3cret\";\n",
        "bootstrap.servers=a:1\nsecurity.protocol=ssl\nssl.truststore.type=PEM\nssl.ca.location=ca.pem\n\
         ssl.keystore.key=-----BEGIN PRIVATE KEY----- MIIE -----END PRIVATE KEY-----\n\
         ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\nMIIE\\n-----END CERTIFICATE-----\n",
        "bootstrap.servers=a:1\nNet.SASL.Enable=true\nNet.SASL.User=a\nNet.SASL.Password=${file:b:c}\n",
        "bootstrap.servers=a:1\nqueue.buffering.max.ms=1.5\nNet.MaxOpenRequests=6\npartitioner=fnv1a\n",
    ];
    for (number, file) in files.iter().enumerate() {
        seeds.push(("properties", format!("file-{number}"), file.as_bytes().to_vec()));
    }
}

/// Login modules of Java.
fn modules(seeds: &mut Vec<Seed>) {
    let package = "org.apache.kafka.common.security.";
    let texts = [
        format!("{package}plain.PlainLoginModule required username=\"alice\" password=\"s3 \\\"c\\\" ret\";"),
        format!(
            "{package}scram.ScramLoginModule REQUIRED // said\n username='a\\101' password=b tokenauth=\"true\" ;"
        ),
        format!(
            "{package}oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"a\" \
             unsecuredLoginLifetimeSeconds=\"60\" unsecuredLoginExtension_x=y;"
        ),
        "com.sun.security.auth.module.JndiLoginModule required user.provider.url=\"ldap://a\";".to_owned(),
        format!("{package}plain.PlainLoginModule required /* username=a"),
    ];
    for (number, text) in texts.iter().enumerate() {
        seeds.push(("logins", format!("module-{number}"), text.as_bytes().to_vec()));
    }
}

/// Deeds of a session, see `sessions`.
fn scripts(seeds: &mut Vec<Seed>) {
    let negotiate = [3, 5, 0];
    let happy = [&negotiate[..], &[0, 0, 1, 3, 5, 0, 7, 5, 0, 7]].concat();
    let wrong_order = [&negotiate[..], &[0, 0, 3, 5, 251]].concat();
    let late = [&negotiate[..], &[0, 2, 5, 6, 6, 6, 6]].concat();
    let hostile = [&negotiate[..], &[0, 3, 4, 12, 0, 0, 0, 8, 0, 0, 0, 1, 9, 9, 9, 9, 4, 0]].concat();
    let not_kafka = [3, 4, 8, b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'].to_vec();
    let named = [
        ("happy", happy),
        ("wrong-order", wrong_order),
        ("late", late),
        ("hostile", hostile),
        ("not-kafka", not_kafka),
    ];
    seeds.extend(named.map(|(name, script)| ("sessions", name.to_owned(), script)));
}
