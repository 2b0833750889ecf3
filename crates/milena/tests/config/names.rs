//! Every name of `names.txt` works, is refused with the reason, or has no effect and a reason.

use milena::ProducerBuilder;
use milena::config::{PROPERTIES, Property, Support};

const NAMES: &str = include_str!("names.txt");

fn names() -> impl Iterator<Item = &'static str> {
    NAMES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn row(name: &str) -> Option<&'static Property> {
    PROPERTIES.iter().find(|row| row.is_called(name))
}

#[test]
fn every_name_of_java_librdkafka_and_sarama_is_a_property() {
    assert!(names().count() > 200);
    for name in names() {
        let error = ProducerBuilder::default().property(name, "a value of no property").err();
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(!text.contains("there is no property"), "{name}: {text}");
        let row = row(name).unwrap_or_else(|| panic!("{name} is in no row"));
        assert!(row.support() == Support::Full || !row.meaning.is_empty(), "{name} has no reason");
    }
}

#[test]
fn every_name_is_on_the_page() {
    let page = include_str!("../../../../docs/configuration.md");
    for name in names() {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/configuration.md");
    }
}

#[test]
fn refused_property_states_the_reason_and_a_property_without_effect_warns() {
    for name in names() {
        let row = row(name).unwrap();
        let builder = ProducerBuilder::default().bootstrap_servers("localhost:9092");
        let result = builder.property(name, "something.else");
        match row.support() {
            Support::RefusedUnless(_) => {
                let error = result.unwrap_err().to_string();
                assert!(error.contains(row.meaning), "{name}: {error}");
            }
            Support::WithoutEffect if !name.starts_with("compression") => {
                let config = result.unwrap().validate().unwrap();
                let [warning] = config.warnings() else { panic!("{name}: {:?}", config.warnings()) };
                assert_eq!(warning.to_string(), format!("config: `{name}` has no effect: {}", row.meaning));
            }
            _ => {}
        }
    }
}
