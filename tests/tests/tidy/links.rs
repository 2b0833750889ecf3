//! The documents refer to existing files: the target of every link inside the repository, and every path in backticks
//! that begins with one of its folders.

use super::assert_none;
use super::tree::{File, files, root};

fn dead(file: &File, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let lines = file.text.lines().enumerate();
    let named = lines.flat_map(|(index, line)| {
        let links = between(line, "](", ")").into_iter().filter_map(|link| resolved(folder, link));
        let paths = between(line, "`", "`").into_iter().filter(|path| is_path(path)).map(str::to_owned);
        links.chain(paths).map(move |target| (index + 1, target)).collect::<Vec<_>>()
    });
    let dead = named.filter(|(_, target)| !is_there(target));
    dead.map(|(line, target)| format!("{}:{line}: {target} does not exist", file.path)).collect()
}

/// The texts between the marks, in order.
fn between<'a>(line: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(open) {
        let Some((inside, after)) = after.split_once(close) else { break };
        found.push(inside);
        rest = after;
    }
    found
}

/// A link as a path from the root on; none for a link to another host or to a part of the same page.
fn resolved(folder: &str, link: &str) -> Option<String> {
    let target = link.split(['#', ' ']).next().filter(|target| !target.is_empty())?;
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn is_path(text: &str) -> bool {
    let folders = ["crates/", "tests/", "benches/", "fuzz/", "docs/", ".ci/"];
    let plain = text.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    plain && folders.iter().any(|folder| text.starts_with(folder))
}

#[test]
fn documents_refer_to_existing_files() {
    let documents = files().iter().filter(|file| file.path.ends_with(".md"));
    let faults: Vec<_> = documents.flat_map(|file| dead(file, |path| root().join(path).exists())).collect();
    assert_none("links", &faults);
}

#[test]
fn link_to_a_missing_file_is_found() {
    let text = "[a](b.md) and [c](../d/e.md#f), `crates/g` and `crates/{h}`, [i](https://j)\n[k](#l)\n";
    let file = File { path: "docs/x.md".to_owned(), text: text.to_owned() };
    assert_eq!(
        dead(&file, |path| path == "d/e.md"),
        ["docs/x.md:1: docs/b.md does not exist", "docs/x.md:1: crates/g does not exist"]
    );
}
