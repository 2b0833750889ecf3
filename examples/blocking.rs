//! A program of plain threads, without a runtime: four workers share one producer.
//!
//! ```sh
//! KAFKA=localhost:9092 cargo run -p milena-examples --example blocking
//! ```

#![expect(clippy::print_stdout, reason = "it shows what it does")]

use std::thread;

use milena::blocking::Producer;

/// Each worker sends a hundred events and waits for the last one.
pub fn run(servers: &str) -> Result<(), milena::Error> {
    let producer = Producer::connect(servers)?;
    thread::scope(|scope| {
        let work = |worker: u32| {
            let producer = &producer;
            move || -> Result<(), milena::Error> {
                let key = format!("worker-{worker}");
                for number in 1..100 {
                    drop(producer.enqueue(("events", &key, number.to_string()))?);
                }
                let ack = producer.send(("events", &key, "done"))?;
                println!("{key}: partition {}, offset {}", ack.partition, ack.offset);
                Ok(())
            }
        };
        let workers: Vec<_> = (0..4).map(|worker| scope.spawn(work(worker))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap_or(Ok(())))
    })?;
    Ok(producer.close()?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The cluster inside the program needs a runtime; the producer does not.
    let runtime = tokio::runtime::Runtime::new()?;
    let kafka = runtime.block_on(milena_examples::Kafka::find())?;
    Ok(run(&kafka.servers)?)
}
