//! Answers that are lost, that are late, or that ask for a pause.

use std::time::Duration;

use milena::{Producer, Record};
use milena_fake::{Action, ApiKey, Cluster};
use milena_tests::{Stage, Stopwatch};

use crate::{stage, under_load};

const SECOND: Duration = Duration::from_secs(1);

/// A producer that gives up on an answer after a second.
async fn hasty(stage: &Stage) -> Producer {
    stage.producer().request_timeout(SECOND).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_after_the_append_does_not_write_a_record_twice() {
    let stage = stage().await;
    let producer = stage.connect().await;
    under_load(&stage, &producer, |stage| {
        stage.on(ApiKey::PRODUCE).times(3).apply_then(Action::Disconnect);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up_after_the_request_timeout() {
    for applied in [true, false] {
        let stage = stage().await;
        let producer = hasty(&stage).await;
        under_load(&stage, &producer, |stage| match applied {
            true => stage.on(ApiKey::PRODUCE).apply_then(Action::Silence),
            false => stage.on(ApiKey::PRODUCE).silence(),
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_cut_off_on_its_way_is_sent_again() {
    let stage = stage().await;
    let producer = stage.connect().await;
    under_load(&stage, &producer, |stage| stage.on(ApiKey::PRODUCE).times(2).disconnect()).await;
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_asks_for_a_pause_gets_it_and_the_others_none() {
    let stage = Stage::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await;
    let producer = stage.connect().await;
    stage.throttle(1, 3 * SECOND);
    let record = |partition| Record::to("t").partition(partition);
    producer.send(record(0)).await.unwrap();
    let watch = Stopwatch::start();
    for _ in 0..10 {
        producer.send(record(1)).await.unwrap();
    }
    assert!(watch.elapsed() < SECOND, "{:?}", watch.elapsed());
    producer.send(record(0)).await.unwrap();
    assert!(watch.elapsed() >= 2 * SECOND, "{:?}", watch.elapsed());
    let produced =
        stage.journal().into_iter().filter(|entry| entry.api == ApiKey::PRODUCE && entry.broker.0 == 1);
    let times: Vec<_> = produced.map(|entry| entry.at).collect();
    assert!(times[1] - times[0] >= 3 * SECOND, "the client keeps the pause by itself: {times:?}");
}
