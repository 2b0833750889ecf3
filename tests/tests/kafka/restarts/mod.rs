//! A single node that is stopped or killed while written batches are unacknowledged, and starts again.
//!
//! From its snapshot it remembers the last batch of a producer alone (decision 5): each record of milena has to be in the
//! log once and in order, and to be reported as written. Java's producer is measured beside it, through the same proxy and
//! the same restarts: a table is printed, and nothing is asserted of Java but that the run was valid.
//!
//! `MILENA_RESTART_ROUNDS` sets the rounds, `MILENA_RESTART_RELEASE=3.9` the release of the comparison.

mod client;
mod tally;

use std::time::Duration;

use milena_tests::kafka::{Kafka, Layout, Listener, Proxy, Release};
use tokio::time::sleep;

use self::client::Client;
use self::tally::Tally;
use crate::values;

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_batches_are_told_as_written_and_are_there_once_after_a_restart() {
    play(Release::V4_4, rounds(2), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_batches_are_told_as_written_after_a_restart_of_kafka_3_9() {
    play(Release::V3_9, rounds(1), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn java_producer_is_measured_beside_milena_in_the_same_restarts() {
    let release = match std::env::var("MILENA_RESTART_RELEASE").as_deref() {
        Ok("3.9") => Release::V3_9,
        _ => Release::V4_4,
    };
    play(release, rounds(1), true).await;
}

fn rounds(usually: usize) -> usize {
    std::env::var("MILENA_RESTART_ROUNDS").map_or(usually, |rounds| rounds.parse().unwrap())
}

/// Stops and kills in turn, with five batches written, then four, and so on.
async fn play(release: Release, rounds: usize, beside_java: bool) {
    let proxy = Proxy::listen().await;
    let listener = Listener::new("PROXIED", "PLAINTEXT").advertised_at(proxy.address());
    let mut kafka = Kafka::start_as(Layout::nodes(1).release(release).listener(listener));
    proxy.lead_to(&kafka.servers("PROXIED"));
    let (mut milena, mut java) = (Tally::default(), Tally::default());
    for round in 0..rounds {
        let mut clients = vec![Client::milena(&proxy, &format!("milena-{round}"))];
        if beside_java {
            clients.push(Client::java(release, &proxy, &format!("java-{round}")));
        }
        for client in &clients {
            kafka.create_topic(client.topic(), 1, &[]);
        }
        let written = 5 - round / 2 % 5;
        let restart = Restart { written, kills: round % 2 == 1 };
        restart.play(&mut kafka, &proxy, &mut clients).await;
        let mut clients = clients.into_iter();
        milena.add(&settle(&kafka, clients.next().unwrap(), &restart).await);
        if let Some(client) = clients.next() {
            java.add(&settle(&kafka, client, &restart).await);
        }
    }
    let tallies = [("milena", &milena), ("Java", &java)];
    print!("{}", tally::table(release, &tallies[..if beside_java { 2 } else { 1 }]));
}

/// One restart: with so many batches of each client written and unanswered, by SIGTERM or by SIGKILL.
struct Restart {
    written: usize,
    kills: bool,
}

impl Restart {
    /// What each client sends, in order: one record before, those whose answers are held back, and one after.
    fn values(&self) -> Vec<String> {
        let unanswered = (0..self.written).map(|number| format!("unanswered-{number}"));
        ["proof".to_owned()].into_iter().chain(unanswered).chain(["last".to_owned()]).collect()
    }

    async fn play(&self, kafka: &mut Kafka, proxy: &Proxy, clients: &mut [Client]) {
        let values = self.values();
        let (answered, held) = values[..=self.written].split_at(1);
        for client in clients.iter_mut() {
            client.send(&answered[0]).await;
            client.wait_reported(answered.len()).await;
        }
        proxy.tap().hold();
        for client in clients.iter_mut() {
            for value in held {
                // A record in a request of its own.
                let requests = proxy.tap().requests();
                client.send(value).await;
                while proxy.tap().requests() == requests {
                    sleep(GLANCE).await;
                }
            }
        }
        for client in clients.iter() {
            let count = u64::try_from(answered.len() + held.len()).unwrap();
            kafka.wait_for_records(client.topic(), count);
            assert_eq!(client.reported().len(), answered.len(), "{}: an answer came", client.topic());
        }
        if self.kills {
            kafka.kill(1)
        } else {
            kafka.stop(1)
        }
        proxy.tap().lose_held();
        kafka.start_again(1);
        kafka.wait_ready(1);
        for client in clients.iter_mut() {
            client.send(values.last().unwrap()).await;
            client.wait_reported(values.len()).await;
        }
    }
}

/// Closes a client, reads its topic, and checks milena's promise.
async fn settle(kafka: &Kafka, client: Client, restart: &Restart) -> Tally {
    let (topic, reported) = (client.topic().to_owned(), client.reported());
    let keeps_its_promise = client.is_milena();
    client.close().await;
    let read = kafka.read(&topic);
    let (sent, read) = (restart.values(), values(&read));
    let Restart { written, kills } = restart;
    println!("{topic}: {written} written, killed: {kills}; log: {read:?}");
    if keeps_its_promise {
        assert_eq!(read, sent, "{topic}: {written} written, killed: {kills}; {reported:?}");
        for (value, offset) in sent.iter().zip(0..) {
            assert_eq!(reported[value], Ok(offset), "{topic}: {value}");
        }
    }
    Tally::of(&sent, &reported, &read)
}
