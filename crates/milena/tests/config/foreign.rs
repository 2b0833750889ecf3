//! The files of `foreign.txt`: what milena does with each.

use milena::{ConfigError, ProducerBuilder, ProducerConfig};

const CASES: &str = include_str!("foreign.txt");

/// A file, and what is expected of it.
#[derive(Debug, Default)]
struct Case {
    title: &'static str,
    java: &'static str,
    text: String,
    milena: &'static str,
    effective: Vec<(&'static str, &'static str)>,
    warnings: Vec<&'static str>,
    errors: Vec<&'static str>,
}

#[test]
fn files_of_other_programs_are_accepted_or_refused_as_the_table_has_it() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for case in &cases {
        let read = ProducerBuilder::default().properties(&case.text).and_then(ProducerBuilder::validate);
        check(case, read);
    }
}

#[test]
fn files_that_java_accepts_are_marked() {
    let marked = |java: &str| cases().iter().filter(|case| case.java == java).count();
    assert!(marked("accepts") >= 40 && marked("refuses") >= 10);
    assert!(cases().iter().all(|case| ["accepts", "refuses", "-"].contains(&case.java)));
}

#[test]
fn listing_of_javas_producer_is_its_configuration() {
    let read = ProducerBuilder::default().properties(include_str!("listing.txt"));
    let config = read.unwrap().validate().unwrap();
    assert!(config.properties().contains(&("bootstrap.servers", "localhost:9092".to_owned())));
    let warnings: Vec<_> = config.warnings().iter().map(|warning| warning.properties().join(",")).collect();
    // The heading of the listing.
    assert_eq!(warnings, [""], "{:?}", config.warnings());
}

#[track_caller]
fn check(case: &Case, read: Result<ProducerConfig, ConfigError>) {
    let title = case.title;
    let shown = format!("{read:?}");
    assert!(!shown.contains("hunter2"), "{title}: {shown}");
    match (case.milena, read) {
        ("accepts", Ok(config)) => {
            let properties = config.properties();
            for (name, value) in &case.effective {
                let found =
                    properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
                assert_eq!(found, Some(*value), "{title}: {name}");
            }
            let warnings = config.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert_eq!(case.warnings.is_empty(), warnings.is_empty(), "{title}: {warnings}");
            case.warnings.iter().for_each(|part| assert!(warnings.contains(part), "{title}: {warnings}"));
        }
        ("refuses", Err(error)) => {
            let text = error.to_string();
            case.errors.iter().for_each(|part| assert!(text.contains(part), "{title}: {text}"));
        }
        (expected, read) => panic!("{title}: {expected} expected, {read:?}"),
    }
}

fn cases() -> Vec<Case> {
    CASES.split("\n## ").skip(1).map(case).collect()
}

fn case(block: &'static str) -> Case {
    let mut lines = block.lines();
    let mut case = Case { title: lines.next().unwrap(), ..Case::default() };
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix("> ") {
            case.text.push_str(&format!("{}\n", text.replace("CERTS", &crate::certificates())));
            continue;
        }
        let (field, text) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line}", case.title));
        match field {
            "java" => case.java = text,
            "milena" => case.milena = text,
            "effective" => case.effective.push(text.split_once(" = ").unwrap()),
            "warning" => case.warnings.push(text),
            "error" => case.errors.push(text),
            _ => panic!("{}: {line}", case.title),
        }
    }
    case
}
