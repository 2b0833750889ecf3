//! A runtime that ends while a lazy start or a scope is open: all that waits fails with the reason, and the log has it.

use milena::{ConnectErrorKind, ErrorKind, Producer, ProducerBuilder, SendError};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Log, within};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const ENDED: &str = "the runtime of the producer's driver ended before the cluster could be used";

#[test]
fn runtime_that_ends_before_the_cluster_is_there_fails_callers_and_logs() {
    let (log, here, there) = (Log::default(), one_thread(), one_thread());
    let _listening = log.listen();
    let producer = there.block_on(async {
        let producer = nowhere().build_lazy().unwrap();
        tokio::task::yield_now().await;
        producer
    });
    here.block_on(within(async {
        let end = async { drop(tokio::task::spawn_blocking(|| ()).await) };
        let (ready, sent, ()) = tokio::join!(producer.ready(), producer.send(("t", "v")), async {
            end.await;
            there.shutdown_background();
        });
        check(&producer, ready.unwrap_err(), &sent.unwrap_err());
    }));
    assert_eq!(log.count("ERROR", ENDED), 1);
}

/// The task of its driver was never polled.
#[test]
fn runtime_that_ends_at_once_fails_callers_and_logs() {
    let (log, here, there) = (Log::default(), one_thread(), one_thread());
    let _listening = log.listen();
    let producer = {
        let _entered = there.enter();
        nowhere().build_lazy().unwrap()
    };
    drop(there);
    here.block_on(within(async {
        let (ready, sent) = tokio::join!(producer.ready(), producer.send(("t", "v")));
        check(&producer, ready.unwrap_err(), &sent.unwrap_err());
    }));
    assert_eq!(log.count("ERROR", ENDED), 1);
}

#[test]
fn runtime_without_timers_ends_a_lazy_producer_with_an_internal_error() {
    let bare = Builder::new_current_thread().build().unwrap();
    let producer = bare.block_on(async { nowhere().build_lazy().unwrap() });
    let error = bare.block_on(producer.ready()).unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Internal, "{error}");
    assert_eq!(bare.block_on(producer.send(("t", "v"))).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn lazy_producer_is_refused_without_a_runtime_unless_its_driver_has_a_thread() {
    let error = nowhere().build_lazy().unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::Config);
    assert!(error.to_string().contains("Driver::Thread"), "{error}");
    let producer = nowhere().driver(milena::Driver::Thread).build_lazy().unwrap();
    one_thread().block_on(within(producer.close())).unwrap();
}

#[test]
fn runtime_that_ends_while_a_scope_is_open_fails_its_records_and_logs_their_count() {
    let (log, here, there) = (Log::default(), worker(), one_thread());
    let _listening = log.listen();
    let harness = here.block_on(ClusterHarness::on_sockets(Cluster::builder().topic("t", 1)));
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let (accepted, is_accepted) = oneshot::channel();
    let builder = harness.producer();
    there.spawn(Producer::scope(builder, async |producer: Producer| {
        let delivery = producer.enqueue(("t", "v")).await?;
        accepted.send((producer.clone(), delivery)).unwrap();
        std::future::pending::<Result<(), SendError>>().await
    }));
    let (producer, delivery) = there.block_on(within(async {
        let accepted = is_accepted.await.unwrap();
        hold.reached(1).await;
        accepted
    }));
    drop(there);
    let error = here.block_on(within(delivery)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(producer.status().is_closed);
    assert_eq!(log.count("ERROR", "produce: the producer ended before accepted records were settled"), 1);
    here.block_on(async { drop(harness) });
}

fn check(producer: &Producer, ready: milena::ConnectError, sent: &SendError) {
    assert_eq!(ready.kind(), ConnectErrorKind::Closed);
    assert!(ready.to_string().starts_with(&format!("connection: {ENDED}")), "{ready}");
    assert_eq!(sent.kind(), ErrorKind::Closed);
    assert!(sent.to_string().contains("the runtime of the producer's driver ended"), "{sent}");
    assert_eq!(producer.status().not_ready(), Some("the producer was closed"));
}

/// Leads to a port on which nothing listens.
fn nowhere() -> ProducerBuilder {
    Producer::builder().bootstrap_servers("127.0.0.1:1")
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A runtime that runs beside the test.
fn worker() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}
