//! The command line under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{fail, target_folder};

/// The program `milena`, built as it is released: in the environment, `MILENA_BIN` names another one.
///
/// Cargo builds the programs of the package under test alone, and this one is another package's; so it is built here, once,
/// by the Cargo that runs the test.
#[must_use]
pub fn milena_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("MILENA_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let target = target_folder();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--release", "--package", "milena-cli", "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    match cargo.status() {
        Ok(status) if status.success() => target.join("release").join("milena"),
        outcome => fail(format_args!("{cargo:?} failed: {outcome:?}")),
    }
}
