//! Futures that are dropped at each point where they wait. What was not accepted is not sent, what was is written once,
//! and whoever comes after is served. The clock is paused.

use std::task::{Context, Waker};
use std::time::Duration;

use milena::{Producer, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Tag, assert_in_order, at_every_wait, drop_at, eventually, tags, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await
}

/// Whether records still go, in their order.
async fn check_well(harness: &ClusterHarness, producer: &Producer) {
    for number in 0..3 {
        within(producer.send(Tag { sender: 99, number }.record("t"))).await.unwrap();
    }
    within(producer.flush()).await.unwrap();
    assert_in_order(harness, "t");
    assert_eq!(producer.metrics().failed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_is_dropped_leaves_no_connection() {
    let ended = at_every_wait(async |waits| {
        let harness = harness().await;
        let built = drop_at(waits, harness.producer().build()).await;
        sleep(100 * MS).await;
        let journal = harness.journal().len();
        sleep(100_000 * MS).await;
        match built {
            None => assert_eq!(harness.journal().len(), journal, "dropped at wait {waits}"),
            Some(producer) => check_well(&harness, &producer.unwrap()).await,
        }
        harness.journal().len() > journal
    })
    .await;
    assert!(ended > 1, "it waited {ended} times");
}

#[tokio::test(start_paused = true)]
async fn build_that_is_dropped_after_the_driver_was_ready_leaves_no_driver() {
    let harness = harness().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let mut building = Box::pin(harness.producer().build());
    assert!(building.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    // The driver connects meanwhile, and its handle waits to be taken.
    sleep(1_000 * MS).await;
    assert!(tasks() > before);
    drop(building);
    sleep(1_000 * MS).await;
    assert_eq!(tasks(), before);
    let requests = harness.journal().len();
    sleep(3_600_000 * MS).await;
    assert_eq!(harness.journal().len(), requests);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_is_dropped_is_written_once_or_not_at_all() {
    let ended = at_every_wait(async |waits| {
        let harness = harness().await;
        harness.link_delay(milena_fake::Brokers::All, 3 * MS);
        let producer = harness.connect().await;
        let sent = drop_at(waits, producer.send(Tag { sender: 0, number: 0 }.record("t"))).await;
        check_well(&harness, &producer).await;
        let written = tags(&harness, "t").concat().iter().filter(|tag| tag.sender == 0).count();
        match sent {
            Some(_) => assert_eq!(written, 1),
            None if waits == 1 => assert_eq!(written, 0, "the topic was not known yet"),
            None => assert_eq!(written, 1, "it had been accepted"),
        }
        sent.is_some()
    })
    .await;
    assert!(ended > 2, "it waits for its topic and for its answer");
}

#[tokio::test(start_paused = true)]
async fn an_enqueue_that_is_dropped_while_it_waits_for_room_is_not_sent() {
    let ended = at_every_wait(async |waits| {
        let harness = harness().await;
        let hold = harness.on(ApiKey::PRODUCE).always().hold();
        let producer = harness.producer().buffer_memory(40_000).build().await.unwrap();
        producer.topic("t").await.unwrap();
        let mut accepted = 0;
        while producer
            .try_enqueue(
                Tag { sender: 1, number: accepted }
                    .record("t")
                    .value(Tag { sender: 1, number: accepted }.value_of(3_000)),
            )
            .is_ok()
        {
            accepted += 1;
        }
        let release = async {
            sleep(50 * MS).await;
            hold.release();
        };
        let large = Record::to("t").value(Tag { sender: 0, number: 0 }.value_of(20_000));
        let (entered, ()) = tokio::join!(drop_at(waits, producer.enqueue(large)), release);
        let ended = entered.is_some();
        if let Some(delivery) = entered {
            delivery.unwrap().await.unwrap();
        }
        check_well(&harness, &producer).await;
        let written = tags(&harness, "t").concat().iter().filter(|tag| tag.sender == 0).count();
        assert_eq!(written, usize::from(ended));
        assert_eq!(harness.record_count(), u64::from(accepted) + u64::from(ended) + 3);
        ended
    })
    .await;
    assert!(ended > 1, "it waited {ended} times");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_can_be_given_up_and_begun_again() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut delivery = producer.enqueue(("t", "0/0 ")).await.unwrap();
    let mut waits = 0;
    let ack = loop {
        match drop_at(1, &mut delivery).await {
            Some(outcome) => break outcome.unwrap(),
            None => waits += 1,
        }
        sleep(MS).await;
    };
    assert_eq!(ack.offset, 0);
    assert!(waits > 2, "{waits}");
    check_well(&harness, &producer).await;
}

#[tokio::test(start_paused = true)]
async fn records_of_a_send_all_that_is_dropped_are_a_prefix_of_its_records() {
    let ended = at_every_wait(async |waits| {
        let harness = harness().await;
        harness.link_delay(milena_fake::Brokers::All, 3 * MS);
        let producer = harness.producer().buffer_memory(40_000).build().await.unwrap();
        let tag = |number| Tag { sender: 0, number };
        let records = (0..60).map(|number| Record::to("t").partition(0).value(tag(number).value_of(2_000)));
        let sent = drop_at(waits, producer.send_all(records)).await;
        check_well(&harness, &producer).await;
        let written = tags(&harness, "t").concat().into_iter().filter(|tag| tag.sender == 0);
        let numbers: Vec<_> = written.map(|tag| tag.number).collect();
        let count = u32::try_from(numbers.len()).unwrap();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>());
        assert!(sent.is_none() || count == 60);
        sent.is_some()
    })
    .await;
    assert!(ended > 5, "it waited {ended} times");
}

#[tokio::test(start_paused = true)]
async fn a_flush_or_a_close_that_is_dropped_goes_on_by_itself() {
    at_every_wait(async |waits| {
        let harness = harness().await;
        harness.link_delay(milena_fake::Brokers::All, 3 * MS);
        let producer = harness.producer().linger(Duration::from_secs(600)).build().await.unwrap();
        drop(producer.enqueue(("t", "0/0 ")).await.unwrap());
        let flushed = drop_at(waits, producer.flush()).await;
        eventually(|| harness.record_count() == 1).await;
        check_well(&harness, &producer).await;
        drop(producer.enqueue(("t", "0/1 ")).await.unwrap());
        let closed = drop_at(waits, producer.close()).await;
        eventually(|| harness.record_count() == 5).await;
        within(producer.close()).await.unwrap();
        flushed.is_some() && closed.is_some()
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_is_dropped_disturbs_no_other_one_of_the_same_task() {
    let harness = ClusterHarness::in_memory(Cluster::builder().auto_create(false)).await;
    let producer = harness.connect().await;
    let create = async {
        sleep(500 * MS).await;
        harness.create_topic("late", 1);
    };
    let (gone, found, ()) =
        within(async { tokio::join!(drop_at(1, producer.topic("late")), producer.topic("late"), create) })
            .await;
    assert!(gone.is_none());
    assert_eq!(found.unwrap().partitions(), 1);
}
