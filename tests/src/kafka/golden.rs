//! Golden files: what Kafka's own classes wrote once, and write again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{fail, jars, target_folder, tools};

/// The files of a folder, by their names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Runs a program of one source file of `crates/codec/tests/golden`, and gives the files that it writes into the folder
/// that is its only argument.
#[must_use]
pub fn written_by(program: &str) -> Files {
    let folder = target_folder().join(format!("{program}-{}.golden", std::process::id()));
    let made = fs::create_dir_all(&folder);
    made.unwrap_or_else(|error| fail(format_args!("{}: {error}", folder.display())));
    let mut java = tools::java();
    java.args(["-cp", jars::class_path()]).arg(golden_folder().join(program)).arg(&folder);
    tools::run(java);
    let files = files(&folder);
    // Nothing is lost when it stays.
    let _ = fs::remove_dir_all(&folder);
    files
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
