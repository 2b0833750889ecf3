//! No input that a fuzzer found interesting breaks anything: every file of `fuzz/corpus`, in the body of its target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use milena_fuzz_bodies::{Body, TARGETS};

#[test]
fn every_input_of_the_corpora_is_dealt_with() {
    for (target, body) in TARGETS {
        let inputs = inputs(target);
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for path in inputs {
            println!("{}", path.display());
            body(&fs::read(&path).unwrap());
        }
    }
}

#[test]
fn every_corpus_has_a_target_and_every_target_a_program() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names("../fuzz/corpus"), targets);
    let programs: BTreeSet<String> = targets.iter().map(|target| format!("{target}.rs")).collect();
    assert_eq!(names("../fuzz/fuzz_targets"), programs);
    let manifest = fs::read_to_string(from_here("../fuzz/Cargo.toml")).unwrap();
    let missing = targets.iter().filter(|target| !manifest.contains(&format!("name = \"{target}\"")));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn an_input_that_is_cut_anywhere_or_empty_is_dealt_with_too() {
    for (target, body) in TARGETS {
        body(&[]);
        inputs(target).iter().for_each(|path| cut_anywhere(&fs::read(path).unwrap(), body));
    }
    assert_eq!(TARGETS.len(), names("../fuzz/corpus").len());
}

/// The first 64 beginnings, and then one in 17: enough to end within every field.
fn cut_anywhere(input: &[u8], body: Body) {
    let ends = (0..input.len()).filter(|end| *end < 64 || end % 17 == 0);
    ends.for_each(|end| body(&input[..end]));
}

fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = from_here("../fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(from_here(folder)).expect("a folder of the repository");
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

fn from_here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
