//! Clusters that cannot be used: each within the connect timeout, with what to look at.

use std::time::Duration;

use milena::{ConnectError, ConnectErrorKind, Driver, Producer, ProducerBuilder};
use milena_fake::{ApiKey, Builder, Cluster, ErrorCode, Release};
use milena_tests::{ClusterHarness, Name, Stopwatch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TIMEOUT: Duration = Duration::from_secs(14);

/// A cluster in memory, which is not what the bootstrap servers name.
async fn elsewhere(change: impl FnOnce(Builder) -> Builder) -> ClusterHarness {
    ClusterHarness::in_memory(change(Cluster::builder().topic("t", 3))).await
}

/// Fails to build within the connect timeout, and not much later.
pub(crate) async fn refused(builder: ProducerBuilder) -> ConnectError {
    let watch = Stopwatch::start();
    let error = builder.build().await.unwrap_err();
    assert!(watch.elapsed() <= TIMEOUT + Duration::from_millis(100), "{:?}: {error}", watch.elapsed());
    error
}

#[track_caller]
pub(crate) fn check(error: &ConnectError, kind: ConnectErrorKind, said: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for words in said {
        assert!(error.to_string().contains(words), "{words:?} is missing: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_cannot_be_is_named_before_anything_is_dialled() {
    let nothing = Producer::builder().build().await.unwrap_err();
    check(&nothing, ConnectErrorKind::Config, &["bootstrap.servers"]);
    let port = Producer::connect("kafka-1:9092,kafka-2").await.unwrap_err();
    check(&port, ConnectErrorKind::Config, &["bootstrap.servers", "kafka-2", "no port"]);
    let range = Producer::builder().bootstrap_servers("k:1").max_in_flight(0).build().await.unwrap_err();
    check(&range, ConnectErrorKind::Config, &["max.in.flight"]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_refuses_is_named() {
    let harness = elsewhere(|builder| builder).await;
    harness.network().name("nobody", Name::Nobody);
    let error = refused(harness.producer().bootstrap_servers("nobody:9092")).await;
    check(&error, ConnectErrorKind::Unreachable, &["nobody:9092", "refused"]);
}

#[tokio::test(start_paused = true)]
async fn hosts_that_swallow_packets_cost_no_more_than_the_connect_timeout() {
    let harness = elsewhere(|builder| builder).await;
    for host in ["a", "b", "c"] {
        harness.network().name(host, Name::Silence);
    }
    let error = refused(harness.producer().bootstrap_servers("a:1,b:2,c:3")).await;
    check(&error, ConnectErrorKind::Unreachable, &["a:1", "b:2", "c:3"]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_says_nothing_at_all_is_told_from_one_that_is_not_there() {
    let harness = elsewhere(|builder| builder.brokers(1)).await;
    harness.on(ApiKey::API_VERSIONS).always().silence();
    let error = refused(harness.producer()).await;
    check(&error, ConnectErrorKind::Timeout, &["broker-1:9092", "security protocol"]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_describe_its_cluster_is_named() {
    let harness = elsewhere(|builder| builder.brokers(1)).await;
    harness.on(ApiKey::METADATA).always().silence();
    let error = refused(harness.producer()).await;
    check(&error, ConnectErrorKind::Timeout, &["broker-1:9092", "Metadata"]);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_gives_no_identity_is_named() {
    let harness = elsewhere(|builder| builder.brokers(1)).await;
    harness.on(ApiKey::INIT_PRODUCER_ID).always().silence();
    check(
        &refused(harness.producer()).await,
        ConnectErrorKind::Timeout,
        &["broker-1:9092", "InitProducerId"],
    );
    harness.clear_hooks();
    harness.on(ApiKey::INIT_PRODUCER_ID).always().error(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
    check(&refused(harness.producer()).await, ConnectErrorKind::Timeout, &["COORDINATOR_LOAD_IN_PROGRESS"]);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_write_idempotently_is_told_so_at_once() {
    let harness = elsewhere(|builder| builder).await;
    harness.on(ApiKey::INIT_PRODUCER_ID).always().error(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    let watch = Stopwatch::start();
    let error = harness.producer().build().await.unwrap_err();
    assert!(watch.elapsed() < Duration::from_secs(1), "{:?}", watch.elapsed());
    check(
        &error,
        ConnectErrorKind::Authorization,
        &["broker-1:9092", "IDEMPOTENT_WRITE", "enable.idempotence"],
    );
    let producer = harness.producer().idempotence(false).build().await.unwrap();
    producer.send(("t", "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_is_too_old_is_told_so() {
    let harness =
        elsewhere(|builder| builder.look_like(Release::V2_1).versions(ApiKey::INIT_PRODUCER_ID, 9..=9)).await;
    let error = refused(harness.producer()).await;
    check(&error, ConnectErrorKind::Unsupported, &["InitProducerId", "9-9"]);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_advertised_and_leads_nowhere_is_named_with_the_setting() {
    let harness = elsewhere(|builder| builder.brokers(2)).await;
    harness.network().name("bootstrap", Name::AnyBroker);
    harness.network().name("broker-1", Name::Nobody);
    harness.network().name("broker-2", Name::Silence);
    let error = refused(harness.producer().bootstrap_servers("bootstrap:9092")).await;
    check(&error, ConnectErrorKind::Unreachable, &["broker-1:9092", "broker-2:9092", "advertised.listeners"]);
    assert!(error.to_string().contains("bootstrap:9092 described the cluster"), "what did work: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_does_not_exist_is_told_from_a_host_that_is_not_there() {
    let harness = elsewhere(|builder| builder).await;
    harness.network().name("kafak", Name::Unknown);
    harness.network().name("nobody", Name::Nobody);
    let error = refused(harness.producer().bootstrap_servers("kafak:9092")).await;
    check(&error, ConnectErrorKind::Name, &["kafak:9092", "not resolved", "spelling"]);
    // Whoever came further says what it is about; all are quoted.
    let error = refused(harness.producer().bootstrap_servers("kafak:9092,nobody:9092")).await;
    check(&error, ConnectErrorKind::Unreachable, &["kafak:9092", "nobody:9092"]);
}

#[tokio::test(start_paused = true)]
async fn a_build_that_is_given_up_leaves_nothing_behind() {
    let harness = elsewhere(|builder| builder.brokers(1)).await;
    let hold = harness.on(ApiKey::METADATA).always().hold();
    let build = harness.producer().build();
    tokio::select! {
        biased;
        built = build => drop(built.unwrap()),
        () = hold.reached(1) => {}
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(hold.arrived(), 1, "nobody asks again");
    hold.release();
}

/// For builds that wait until it is over, on a machine that may stall.
const SHORT: Duration = Duration::from_secs(3);
/// For builds that end at once.
const LONG: Duration = Duration::from_secs(60);

/// Something that is no Kafka broker, on a socket: it answers each connection with these bytes, and listens on.
async fn server(answer: &'static [u8]) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = async move |mut stream: TcpStream| {
        let mut request = [0; 1024];
        while stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
            if stream.write_all(answer).await.is_err() {
                break;
            }
        }
    };
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    (address, accepting)
}

/// An error that another try may mend comes when the timeout is over, and all others at once.
async fn refused_by(answer: &'static [u8], connect_timeout: Duration) -> ConnectError {
    let (address, accepting) = server(answer).await;
    let builder = Producer::builder().bootstrap_servers(address).connect_timeout(connect_timeout);
    let error = builder.build().await.unwrap_err();
    accepting.abort();
    error
}

#[tokio::test]
async fn a_web_server_is_recognised() {
    let error = refused_by(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", LONG).await;
    check(&error, ConnectErrorKind::Unsupported, &["127.0.0.1", "HTTP"]);
}

#[tokio::test]
async fn a_listener_that_speaks_tls_is_recognised() {
    let error = refused_by(&[0x15, 3, 3, 0, 2, 2, 40], LONG).await;
    check(&error, ConnectErrorKind::Unsupported, &["127.0.0.1", "TLS"]);
}

#[tokio::test]
async fn a_secure_shell_and_plain_garbage_are_no_brokers_either() {
    check(&refused_by(b"SSH-2.0-OpenSSH_9.6\r\n", LONG).await, ConnectErrorKind::Unsupported, &["SSH"]);
    check(&refused_by(&[0x7f; 64], SHORT).await, ConnectErrorKind::Unsupported, &["no Kafka broker"]);
    check(
        &refused_by(&[0, 0, 0, 2, 0, 0], SHORT).await,
        ConnectErrorKind::Unsupported,
        &["breaks the protocol"],
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_a_timeout() {
    check(&refused_by(b"", Duration::from_millis(300)).await, ConnectErrorKind::Timeout, &["127.0.0.1"]);
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_unreachable_whatever_drives() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    for driver in [Driver::Task, Driver::Thread] {
        let builder = Producer::builder().bootstrap_servers(&address).driver(driver);
        let error = builder.connect_timeout(SHORT).build().await.unwrap_err();
        check(&error, ConnectErrorKind::Unreachable, &[&address, "refused", "broker runs"]);
    }
}
