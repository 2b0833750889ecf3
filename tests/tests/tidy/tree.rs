//! The files of the repository without those that git ignores, read once for all rules.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::lexer;

/// A file that is text.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root on, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A file of Rust.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Without comments and the contents of literals.
    pub(crate) code: String,
}

impl Source {
    /// A source from a path and a text, which need not be a file.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: lexer::code_of(text) }
    }
}

/// Where the workspace begins.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust source under `crates`, `tests`, `benches` and `fuzz`.
pub(crate) fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let rust = files().iter().filter(|file| file.path.ends_with(".rs"));
        let ours = rust.filter(|file| FOLDERS.iter().any(|folder| file.path.starts_with(folder)));
        ours.map(|file| Source::new(&file.path, &file.text)).collect()
    });
    &SOURCES
}

/// Every file that is text, documents, scripts and settings included.
pub(crate) fn files() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
        let mut found = Vec::new();
        collect(&root(), "", &mut found);
        assert!(
            found.iter().any(|file| file.path == "Cargo.toml"),
            "the root of the workspace has a Cargo.toml"
        );
        found
    });
    &FILES
}

const FOLDERS: [&str; 4] = ["crates/", "tests/", "benches/", "fuzz/"];

/// Folders and files that tools generate.
const NOT_OURS: [&str; 5] = [".git", "target", "artifacts", "corpus", "Cargo.lock"];

fn collect(folder: &Path, prefix: &str, found: &mut Vec<File>) {
    let mut entries: Vec<fs::DirEntry> =
        fs::read_dir(folder).and_then(Iterator::collect).expect("a folder that can be read");
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let path = format!("{prefix}{name}");
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().expect("a file or a folder").is_dir() {
            collect(&entry.path(), &format!("{path}/"), found);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            found.push(File { path, text });
        }
    }
}
