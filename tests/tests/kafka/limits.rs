//! Records within the limits of a topic are delivered; others fail by name and delay no other record.

use milena::{ErrorKind, Persisted, Record};
use milena_tests::kafka::Kafka;

use crate::{producer, values};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_10_mib_arrives_where_the_topic_takes_it() {
    let kafka = Kafka::shared();
    kafka.create_topic("large", 1, &["max.message.bytes=12000000"]);
    let producer = producer(&kafka, &[("max.request.size", "12000000")]).await;
    let large = letters(10 * MIB);

    let records = ["before", &large, "after"].map(|value| ("large", value.to_owned()));
    let acks = producer.send_all(records).await;
    producer.close().await.unwrap();

    assert!(acks.iter().all(Result::is_ok));
    assert!(values(&kafka.read("large")) == ["before", &large, "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_broker_does_not_take_is_named_and_the_others_arrive() {
    let kafka = Kafka::shared();
    kafka.create_topic("too-large", 1, &["max.message.bytes=50000"]);
    let producer = producer(&kafka, &[]).await;

    let large = letters(60_000);
    let records = ["before", &large, "after"].map(|value| ("too-large", value.to_owned()));
    let mut acks = producer.send_all(records).await;
    producer.close().await.unwrap_err();

    let error = acks.remove(1).unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::MessageTooLarge, Persisted::No));
    assert!(!error.is_retriable() && error.to_string().contains("max.message.bytes"), "{error}");
    assert!(acks.iter().all(Result::is_ok));
    assert_eq!(values(&kafka.read("too-large")), ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_that_grew_beyond_the_topics_limit_are_split_and_stay_in_order() {
    let kafka = Kafka::shared();
    kafka.create_topic("split", 1, &["max.message.bytes=20000"]);
    // A long linger lets a batch grow to ten times what the topic takes.
    let producer = producer(&kafka, &[("linger.ms", "60000"), ("batch.size", "200000")]).await;
    let numbers: Vec<_> = (0..1_000).map(|number| format!("{number:0>400}")).collect();

    let mut deliveries = Vec::new();
    for number in &numbers {
        deliveries.push(producer.enqueue(Record::to("split").value(number.clone())).await.unwrap());
    }
    producer.flush().await.unwrap();
    let mut offsets = Vec::new();
    for delivery in deliveries {
        offsets.push(delivery.await.unwrap().offset);
    }
    producer.close().await.unwrap();

    assert_eq!(offsets, (0..1_000).collect::<Vec<i64>>());
    assert_eq!(values(&kafka.read("split")), numbers);
    let largest = kafka.dump("split")[0].batches.iter().map(|batch| batch.count).max();
    assert!(largest.is_some_and(|records| (2..50).contains(&records)), "{largest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_a_key_fails_alone_where_keys_are_needed() {
    let kafka = Kafka::shared();
    kafka.create_topic("compacted", 1, &["cleanup.policy=compact"]);
    // One batch holds all of them.
    let producer = producer(&kafka, &[("linger.ms", "200")]).await;
    let keys = [Some("a"), None, Some("b"), Some("c"), None];

    let mut deliveries = Vec::new();
    for key in keys {
        let record = Record { key: key.map(Into::into), ..Record::to("compacted").value("v") };
        deliveries.push(producer.enqueue(record).await.unwrap());
    }
    let mut kinds = Vec::new();
    for delivery in deliveries {
        kinds.push(delivery.await.err().map(|error| (error.kind(), error.persisted())));
    }
    producer.close().await.unwrap_err();

    let refused = Some((ErrorKind::InvalidRecord, Persisted::No));
    assert_eq!(kinds, [None, refused, None, None, refused]);
    let log = kafka.read("compacted");
    assert_eq!(log.iter().filter_map(|record| record.key.as_deref()).collect::<Vec<_>>(), ["a", "b", "c"]);
}

fn letters(count: usize) -> String {
    (b'a'..=b'z').cycle().take(count).map(char::from).collect()
}
