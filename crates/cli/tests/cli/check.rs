//! `check`: the report as text and as JSON, and its exit codes.

use serde_json::Value;

use crate::world::{World, run};

#[tokio::test(flavor = "multi_thread")]
async fn usable_cluster_exits_with_0_and_a_line_for_each_finding() {
    let world = World::new().await;
    let ended = world.run("check t", "").expect(0);
    let text = ended.stdout.join("\n");
    assert!(text.contains("ok           topic         t"), "{text}");
    assert!(text.ends_with("0 warnings, 0 errors"), "{text}");
    assert_eq!(world.all_values("t"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn found_fault_exits_with_4_and_its_remedy() {
    let world = World::new().await;
    let ended = world.run("check -t t --topic missing", "").expect(4);
    let text = ended.stdout.join("\n");
    assert!(text.contains("error        topic         missing"), "{text}");
    assert!(text.contains("→ create the topic"), "{text}");
    run("check -b 127.0.0.1:1 -X connect.timeout.ms=300").expect(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn report_is_one_json_object_with_json() {
    let world = World::new().await;
    let ended = world.run("check missing --json", "").expect(4);
    let report: Value = serde_json::from_str(&ended.stdout.join("\n")).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let missing = findings.iter().find(|finding| finding["subject"] == "missing").unwrap();
    assert_eq!((&missing["severity"], &missing["step"]), (&"error".into(), &"topic".into()));
    assert!(findings.iter().any(|finding| finding["severity"] == "ok" && finding["remedy"].is_null()));
}

#[test]
fn invalid_settings_exit_with_2() {
    run("check t").expect(2).says("`bootstrap.servers` is not set");
    run("check -b localhost:1 -X lingr.ms=5").expect(2).says("did you mean `linger.ms`?");
    let tls = "-X security.protocol=SSL -X ssl.ca.location=no-such-file";
    run(&format!("check -b localhost:1 {tls}")).expect(2).says("no-such-file");
}
