//! The manifests have a reason for each dependency, and the lints of the workspace for each crate.

use super::assert_none;
use super::tree::{File, files};

/// Lines of `[workspace.dependencies]` without a comment. A dependency takes one line, so that its reason is on it.
fn without_reason(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let mut section = "";
    let mut faults = Vec::new();
    for (index, line) in lines {
        if line.starts_with('[') {
            section = line.trim();
        }
        let names_one = section == "[workspace.dependencies]" && line.contains('=') && !line.starts_with('#');
        let is_ours = line.contains("path = ");
        let reason = line.rsplit_once('#').map_or("", |(_, reason)| reason).trim();
        if names_one && !is_ours && reason.split_whitespace().count() < 3 {
            faults.push(format!(
                "{}:{}: add the reason, in a comment on the line: {line}",
                file.path,
                index + 1
            ));
        }
    }
    faults
}

/// Every member has the lints of the workspace; a separate workspace forbids `unsafe` itself.
fn without_lints(file: &File) -> Vec<String> {
    let takes = file.text.contains("[lints]\nworkspace = true");
    let forbids = file.text.contains("[workspace") && file.text.contains("unsafe_code = \"forbid\"");
    let fault = format!("{}: write `[lints]` and `workspace = true`", file.path);
    if takes || forbids { Vec::new() } else { vec![fault] }
}

fn manifests() -> impl Iterator<Item = &'static File> {
    files().iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
}

#[test]
fn each_dependency_has_a_reason() {
    let root = manifests().filter(|file| file.path == "Cargo.toml");
    assert_none("reasons", &root.flat_map(without_reason).collect::<Vec<_>>());
}

#[test]
fn each_crate_has_the_lints_of_the_workspace() {
    assert!(manifests().count() > 8);
    assert_none("lints", &manifests().flat_map(without_lints).collect::<Vec<_>>());
}

fn manifest(text: &str) -> File {
    File { path: "Cargo.toml".to_owned(), text: text.to_owned() }
}

#[test]
fn dependency_without_a_reason_is_found() {
    let text = "[workspace.dependencies]\na = \"1\" # does one thing well\nb = \"2\"\nc = \"3\" # see\n[lints]\nd = \"w\"\n";
    assert_eq!(without_reason(&manifest(text)).len(), 2);
}

#[test]
fn crate_without_lints_is_found() {
    assert_eq!(without_lints(&manifest("[package]\nname = \"a\"\n")).len(), 1);
    assert_eq!(without_lints(&manifest("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n")), [""; 0]);
}
