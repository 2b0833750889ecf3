//! Standard error as a terminal: the bar fits its width, and attempts to connect are said.

#![expect(clippy::unwrap_used, reason = "a test without its terminal has failed")]

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::world::{Running, World, command, wait_until};

const COLUMNS: u16 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn bar_fits_a_narrow_terminal() {
    let world = World::new().await;
    let terminal = Terminal::new();
    let mut produce = command("produce -t t");
    let running = Running::start_on(
        produce.env("KAFKA_BOOTSTRAP_SERVERS", world.cluster.bootstrap_servers()),
        terminal.stdio(),
    );
    running.write("a\n");
    wait_until(|| terminal.text().contains("1 delivered")).await;
    running.end().expect(0);
    for frame in terminal.frames() {
        assert!(frame.chars().count() <= usize::from(COLUMNS) || is_summary(&frame), "{frame:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_attempts_are_printed_on_a_terminal() {
    let terminal = Terminal::new();
    let mut produce = command("produce -t t -b 127.0.0.1:1 --wait -X connect.timeout.ms=5000");
    Running::start_on(&mut produce, terminal.stdio()).end().expect(3);
    wait_until(|| terminal.text().contains("error: ")).await;
    let text = terminal.text();
    assert!(text.contains("connection: attempt 1: 127.0.0.1:1: Connection refused"), "{text}");
    assert!(text.contains("connection: attempt 2: "), "{text}");
}

/// The last line may be longer: nothing is drawn over it.
fn is_summary(frame: &str) -> bool {
    frame.contains("0 failed, in ")
}

/// A terminal, and what was written to it.
struct Terminal {
    near: File,
    far: OwnedFd,
    written: Arc<Mutex<Vec<u8>>>,
    _reads: JoinHandle<()>,
}

impl Terminal {
    fn new() -> Self {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let far = ioctl_tiocgptpeer(&near, OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        tcsetwinsize(&far, Winsize { ws_row: 24, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let near = File::from(near);
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let (mut reader, sink) = (near.try_clone().unwrap(), Arc::clone(&written));
        let reads = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                sink.lock().unwrap().extend(&buffer[..read]);
            }
        });
        Self { near, far, written, _reads: reads }
    }

    /// For a command's standard error.
    fn stdio(&self) -> Stdio {
        self.far.try_clone().unwrap().into()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// What stood between two returns of the cursor, without escapes.
    fn frames(&self) -> Vec<String> {
        let _ = &self.near;
        let text = self.text();
        text.split(['\r', '\n']).map(|frame| without_escapes(frame).trim_end().to_owned()).collect()
    }
}

fn without_escapes(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        kept.push_str(before);
        let end = escape.find(|character: char| character.is_ascii_alphabetic());
        rest = end.map_or("", |end| &escape[end + 1..]);
    }
    kept + rest
}
