//! Golden files: what Kafka's own classes wrote once, and write again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::jars::Release;
use super::{fail, target_folder, tools};

/// The files of a folder, by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Runs a program of one source file of `crates/codec/tests/golden` with the classes of a release, and gives the files
/// that it writes into the folder that is its only argument.
#[must_use]
pub fn written_by(release: Release, program: &str) -> Files {
    run(release, program, &[], &Files::new())
}

/// Runs a program on a folder with these files, which it is told to read; gives them with those that it writes.
#[must_use]
pub fn read_by(release: Release, program: &str, given: &Files) -> Files {
    run(release, program, &["read"], given)
}

/// Runs a program of one source file on a folder with these files, and returns its standard output.
#[must_use]
pub fn output_of(release: Release, source: &Path, given: &Files) -> String {
    let program = source.file_name().unwrap_or_default().to_string_lossy();
    run_in_folder(release, &program, source, &[], given).1
}

fn run(release: Release, program: &str, arguments: &[&str], given: &Files) -> Files {
    run_in_folder(release, program, &golden_folder().join(program), arguments, given).0
}

/// The files of the folder, and the standard output.
fn run_in_folder(
    release: Release,
    program: &str,
    source: &Path,
    arguments: &[&str],
    given: &Files,
) -> (Files, String) {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let folder = target_folder().join(format!("{program}-{}-{number}.golden", std::process::id()));
    let put = |(name, bytes): (&String, &Vec<u8>)| fs::write(folder.join(name), bytes);
    let made = fs::create_dir_all(&folder).and_then(|()| given.iter().try_for_each(put));
    made.unwrap_or_else(|error| fail(format_args!("{}: {error}", folder.display())));
    let mut java = tools::java();
    java.args(["-cp", release.class_path()]).arg(source).arg(&folder).args(arguments);
    let output = tools::run(java);
    let files = files(&folder);
    // Nothing is lost when it stays.
    let _ = fs::remove_dir_all(&folder);
    (files, output)
}

/// The files that are kept in a folder of `crates/codec/tests/golden`.
#[must_use]
pub fn kept(folder: &str) -> Files {
    files(&golden_folder().join(folder))
}

fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/codec/tests/golden")
}

fn files(folder: &Path) -> Files {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| fail(format_args!("{}: {error}", folder.display())));
    let file = |entry: fs::DirEntry| {
        let bytes = fs::read(entry.path()).unwrap_or_else(|error| fail(error));
        (entry.file_name().to_string_lossy().into_owned(), bytes)
    };
    entries.filter_map(Result::ok).map(file).collect()
}
