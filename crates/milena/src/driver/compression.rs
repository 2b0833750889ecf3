//! Where batches are compressed: short ones in place, on the task of their broker, long ones on a few threads of the
//! producer's own.
//!
//! ```text
//! broker's task ──job──▶ Handover ──▶ thread: runs it with a workspace that it keeps
//!       ▲                                │
//!       └──────────── SenderMailbox ◀──result─────┘
//! ```
//!
//! The threads are started when they are needed first, and joined when the producer ends. Room for each workspace is set
//! aside from `buffer.memory` when it is made. On a paused clock everything runs in place, so that a run can be replayed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use milena_sender::accumulator::{SenderMailbox, Shared};
use milena_sender::compression::{CodecLevel, CompressionJob, CompressionResult, Workspace};
use milena_sender::sync::{Handed, Handover};

use crate::clock;

/// The most threads: one for each two cores, and no more than these.
const THREADS_MAX: usize = 4;

/// The threads and workspaces of one producer.
#[derive(Debug)]
pub(super) struct Compression {
    jobs: Arc<Jobs>,
    inner: Mutex<Inner>,
    threads_max: usize,
    /// The codecs and levels of the producer's topics.
    codecs: Vec<CodecLevel>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Inner {
    threads: Vec<JoinHandle<()>>,
    /// A thread could not be started, and that is logged.
    is_logged: bool,
    /// Workspaces for compression in place that no task uses: as many as were in use at the same time.
    workspaces: Vec<Workspace>,
    /// Bytes that workspaces take of the budget.
    set_aside: usize,
}

/// The state that the threads share with the producer.
#[derive(Debug, Default)]
struct Jobs {
    handover: Handover<QueuedJob>,
    /// Threads that were started and did not look for a job yet.
    starting: AtomicUsize,
    /// A failure of a codec was logged.
    is_logged: AtomicBool,
}

/// A job, and where its result goes.
#[derive(Debug)]
struct QueuedJob {
    job: CompressionJob,
    mailbox: Arc<SenderMailbox>,
}

impl Compression {
    /// For a producer whose topics are compressed with these codecs.
    pub(super) fn new(shared: Arc<Shared>, codecs: Vec<CodecLevel>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads_max = (cores / 2).clamp(1, THREADS_MAX);
        Self { jobs: Arc::default(), inner: Mutex::default(), threads_max, codecs, shared }
    }

    /// Runs a job in place and returns its result, or hands it to a thread, which leaves the result at `mailbox`.
    pub(super) fn run(&self, job: CompressionJob, mailbox: &Arc<SenderMailbox>) -> Option<CompressionResult> {
        if job.is_short() || clock::is_paused() {
            return Some(self.run_in_place(job));
        }
        let room = self.room_for(&job);
        if !self.start_thread(1, room) {
            return Some(self.run_in_place(job));
        }
        match self.jobs.handover.put(QueuedJob { job, mailbox: Arc::clone(mailbox) }) {
            Handed::ToSleeper => {}
            Handed::Queued { waiting } => {
                // Those that are starting take a job each; all others are busy.
                if waiting > self.jobs.starting.load(Ordering::Relaxed) {
                    self.start_thread(self.threads_max, room);
                }
            }
            Handed::Closed(queued) => return Some(self.run_in_place(queued.job)),
        }
        None
    }

    /// Ends the threads: each completes the job that it has. Jobs that none has begun are dropped.
    pub(super) async fn close(&self) {
        let threads = self.end_threads();
        if !threads.is_empty() {
            // The threads are joined where nothing waits for them.
            let joined = tokio::task::spawn_blocking(move || join(threads)).await;
            debug_assert!(joined.is_ok(), "joining does not panic");
        }
    }

    fn run_in_place(&self, job: CompressionJob) -> CompressionResult {
        let workspace = self.lock().workspaces.pop();
        let mut workspace = workspace.unwrap_or_else(|| {
            self.set_aside(&mut self.lock(), self.room_for(&job));
            Workspace::new()
        });
        let result = self.jobs.run(job, &mut workspace);
        self.lock().workspaces.push(workspace);
        result
    }

    /// The memory that a workspace may need for jobs like this one.
    fn room_for(&self, job: &CompressionJob) -> usize {
        let (plain_bytes, wire_bytes) = self.shared.compression_bytes_max();
        let in_place = job.compression().in_place_bytes_max();
        let most = if job.is_short() { in_place } else { usize::MAX };
        Workspace::bytes_max(&self.codecs, plain_bytes.min(most), wire_bytes.min(most))
    }

    /// Starts another thread unless there are `count`. Returns whether there is any.
    fn start_thread(&self, count: usize, room: usize) -> bool {
        let mut inner = self.lock();
        if inner.threads.len() >= count {
            return true;
        }
        let jobs = Arc::clone(&self.jobs);
        self.jobs.starting.fetch_add(1, Ordering::Relaxed);
        match thread::Builder::new().name("milena-compress".to_owned()).spawn(move || jobs.work()) {
            Ok(thread) => {
                inner.threads.push(thread);
                self.set_aside(&mut inner, room);
            }
            Err(error) => {
                self.jobs.starting.fetch_sub(1, Ordering::Relaxed);
                if !std::mem::replace(&mut inner.is_logged, true) {
                    tracing::warn!(%error, "compression: a thread could not be started, and batches are compressed in place");
                }
            }
        }
        !inner.threads.is_empty()
    }

    fn set_aside(&self, inner: &mut Inner, room: usize) {
        inner.set_aside += self.shared.set_aside(room, inner.set_aside);
    }

    fn end_threads(&self) -> Vec<JoinHandle<()>> {
        drop(self.jobs.handover.close());
        std::mem::take(&mut self.lock().threads)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A driver that is dropped with its runtime leaves no thread behind.
impl Drop for Compression {
    fn drop(&mut self) {
        join(self.end_threads());
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A thread catches the panics of its jobs.
        let joined = thread.join();
        debug_assert!(joined.is_ok(), "a thread ends by order alone");
    }
}

impl Jobs {
    /// The loop of a thread.
    fn work(&self) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut workspace = Workspace::new();
        let mut taken = self.handover.poll_take(&waker);
        self.starting.fetch_sub(1, Ordering::Relaxed);
        loop {
            match taken {
                Poll::Pending => thread::park(),
                Poll::Ready(None) => return,
                Poll::Ready(Some(QueuedJob { job, mailbox })) => {
                    mailbox.compressed(self.run(job, &mut workspace))
                }
            }
            taken = self.handover.poll_take(&waker);
        }
    }

    /// Runs a job. One that panics outside of its codec loses its batch, and the workspace starts afresh.
    fn run(&self, job: CompressionJob, workspace: &mut Workspace) -> CompressionResult {
        let (id, charged) = (job.id(), job.charged());
        let run = catch_unwind(AssertUnwindSafe(|| timed(job, workspace)));
        let result = run.unwrap_or_else(|_| {
            tracing::error!("compression: a job panicked, and the records of its batch fail");
            *workspace = Workspace::new();
            CompressionResult::lost(id, charged)
        });
        self.log(&result);
        result
    }

    /// Logs the first failure of a codec.
    fn log(&self, result: &CompressionResult) {
        if let Some(failure) = result.failure()
            && !self.is_logged.swap(true, Ordering::Relaxed)
        {
            tracing::error!(
                codec = failure.compression.name(),
                panicked = failure.panicked,
                reason = failure.why,
                "compression: the codec failed, and the batch is sent as it is; further failures are counted"
            );
        }
    }
}

fn timed(job: CompressionJob, workspace: &mut Workspace) -> CompressionResult {
    let start = clock::now();
    let result = job.run(workspace);
    result.took(clock::now().saturating_duration_since(start))
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
