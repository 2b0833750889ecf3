//! Properties files of other programs: the cases of `crates/milena/tests/config/foreign.txt`, given to Java's producer and to
//! milena in the same run.

use std::path::Path;

use milena::ProducerBuilder;
use milena_tests::kafka::Release;
use milena_tests::kafka::golden::{Files, output_of};

const CASES: &str = include_str!("../../../crates/milena/tests/config/foreign.txt");
const NAMES: &str = include_str!("../../../crates/milena/tests/config/names.txt");

/// A file, with the verdicts that the table has.
struct Case {
    title: &'static str,
    java: &'static str,
    milena: &'static str,
    text: String,
}

#[test]
fn files_that_are_marked_so_are_accepted_by_javas_producer() {
    let cases = cases();
    let output = output_of(Release::REFERENCE, &program(), &files(&cases));
    for (number, case) in cases.iter().enumerate() {
        let verdict = line(&output, &name(number));
        let is_marked_so = case.java == "-" || verdict.starts_with(case.java);
        assert!(is_marked_so, "{}: {verdict}", case.title);
        let ours = ProducerBuilder::default().properties(&case.text).and_then(ProducerBuilder::validate);
        let verdict = if ours.is_ok() { "accepts" } else { "refuses" };
        assert_eq!(verdict, case.milena, "{}: {ours:?}", case.title);
    }
}

#[test]
fn names_of_the_table_are_those_of_javas_producer() {
    let output = output_of(Release::REFERENCE, &program(), &Files::new());
    let of_java: Vec<_> = output.lines().filter_map(|line| line.strip_prefix("property: ")).collect();
    let (_, of_java_and_others) = NAMES.split_once("# Java\n").unwrap();
    let (listed, _) = of_java_and_others.split_once("\n\n").unwrap();
    assert_eq!(listed.lines().collect::<Vec<_>>(), of_java);
}

fn program() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/milena/tests/config/Accepts.java")
}

fn files(cases: &[Case]) -> Files {
    let file = |(number, case): (usize, &Case)| (name(number), case.text.clone().into_bytes());
    cases.iter().enumerate().map(file).collect()
}

fn name(number: usize) -> String {
    format!("{number:03}.properties")
}

/// The line of the output about a file.
fn line<'a>(output: &'a str, file: &str) -> &'a str {
    output.lines().find_map(|line| line.strip_prefix(file)?.strip_prefix(": ")).unwrap()
}

fn cases() -> Vec<Case> {
    CASES.split("\n## ").skip(1).map(case).collect()
}

fn case(block: &'static str) -> Case {
    let certificates = format!("{}/certificates", env!("CARGO_MANIFEST_DIR"));
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let lines = block.lines().filter_map(|line| line.strip_prefix("> "));
    Case {
        title: block.lines().next().unwrap(),
        java: field("java: "),
        milena: field("milena: "),
        text: lines.map(|line| format!("{}\n", line.replace("CERTS", &certificates))).collect(),
    }
}
