use super::super::{ExplainedCredential, Field, Outcome, Rule, Step, StepResult};
use super::*;

fn explanation(fields: usize, steps: usize, remedies: usize, reason: &str) -> Explanation {
    let field = Field { name: "name".to_owned(), value: "é\u{7f}🎞".repeat(30), seconds: None };
    let step = Step { rule: Rule::Scope, result: StepResult::Failed, detail: Some("x".repeat(100)) };
    Explanation {
        outcome: Outcome::Denied,
        code: Some("expired"),
        status: Some(401),
        reason: Some(reason.to_owned()),
        method: "GET".to_owned(),
        host: None,
        path: "/a\nb".to_owned(),
        at: 0,
        client: None,
        site: None,
        resource: None,
        steps: vec![step.clone(); steps],
        searched: Vec::new(),
        credentials: vec![ExplainedCredential {
            scheme: "signed-token",
            place: "path".to_owned(),
            fields: vec![field; fields],
            remembered: false,
            keys: Vec::new(),
            steps: vec![step; steps],
        }],
        unused: Vec::new(),
        notes: Vec::new(),
        remedies: vec!["y".repeat(100); remedies],
    }
}

#[test]
fn a_line_is_visible_ascii_and_the_same_json() {
    let explanation = explanation(1, 1, 1, "naïve");
    let line = explanation.clone().into_line();
    assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
    assert!(line.contains("\\u007f") && line.contains("\\ud83c\\udf9e"), "{line}");
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read, serde_json::to_value(&explanation).unwrap());
}

#[test]
fn a_line_that_is_too_long_loses_fields_then_steps_then_all_but_the_verdict() {
    for (name, explanation, kept) in [
        ("fits", explanation(1, 1, 1, "r"), ["name", "detail", "remedies", "reason"].as_slice()),
        ("long fields", explanation(30, 1, 1, "r"), &["detail", "remedies", "reason", "truncated"]),
        ("long steps", explanation(30, 30, 1, "r"), &["remedies", "reason", "truncated"]),
        ("long remedies", explanation(30, 30, 60, "r"), &["reason", "truncated"]),
        ("long reason", explanation(30, 30, 60, &"z".repeat(MAX_LINE)), &["truncated"]),
    ] {
        let line = explanation.into_line();
        assert!(line.len() <= MAX_LINE, "{name}: {}", line.len());
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&read["code"], &read["status"]), (&"expired".into(), &401.into()), "{name}");
        assert_eq!(read["outcome"], "denied", "{name}");
        for part in ["name", "detail", "remedies", "reason", "truncated"] {
            assert_eq!(
                line.contains(&format!("\"{part}\":")),
                kept.contains(&part),
                "{name}: {part} in {line}"
            );
        }
    }
}
