//! Answers that are lost, that are late, or that ask for a pause.

use std::time::Duration;

use milena::Producer;
use milena_fake::{Action, ApiKey};
use milena_tests::Stage;

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
    assert!(producer.metrics().connections > 3, "each of them ended a connection");
}
