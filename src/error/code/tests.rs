use super::*;

#[test]
fn the_table_in_the_docs_is_the_enum() {
    let documented: Vec<(&str, u16)> = include_str!("../code.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("/// | `"))
        .filter_map(|row| {
            let (code, rest) = row.split_once("` | ")?;
            Some((code, rest.split_once(' ')?.0.parse().ok()?))
        })
        .collect();
    let defined: Vec<(&str, u16)> =
        Code::ALL.iter().map(|code| (code.as_str(), code.default_status())).collect();
    assert_eq!(documented, defined);
}
