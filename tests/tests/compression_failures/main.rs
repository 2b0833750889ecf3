//! Codecs that panic: their batches go as they are, and the log has one line about it. One test: codecs and log are those
//! of the process.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use milena::{Compression, Record};
use milena_codec::compression::faults;
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Load, assert_exactly_once, within};
use tokio::runtime::Builder;

/// Few records are compressed in place, many on a thread.
const LOADS: [Load; 2] =
    [Load { burst: 50, ..Load::of(500) }, Load { bytes: 1_000, burst: 2_000, ..Load::of(4_000) }];

#[test]
fn panicking_codec_costs_the_compression_of_its_batch_and_one_line_of_the_log() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    std::panic::set_hook(Box::new(|_| {}));
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        for load in LOADS {
            log.clear();
            let harness = ClusterHarness::on_sockets(Cluster::builder().topic("t", 1)).await;
            let builder = harness.producer().compression(Compression::Zstd { level: 9 }).batch_size(200_000);
            let producer = builder.build().await.unwrap();
            faults::panic_next(2);
            let sent = within(load.send(&producer)).await;
            assert_exactly_once(&harness, "t", &sent);
            within(producer.send(Record::to("t").value("again ".repeat(100)))).await.unwrap();
            within(producer.close()).await.unwrap();

            let metrics = producer.metrics();
            assert_eq!(metrics.codec_failures, 2, "{metrics:?}");
            assert_eq!(metrics.compressed_batches + 2, metrics.batches, "all others: {metrics:?}");
            let lines = log.lines("compression: the codec failed");
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("zstd") && lines[0].contains("requested by a test"), "{lines:?}");
        }
    });
}

/// What was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn lines(&self, with: &str) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&bytes);
        text.lines().filter(|line| line.contains(with)).map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
