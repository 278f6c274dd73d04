use super::*;

fn values<'c>(fields: &[&'c str]) -> Vec<&'c str> {
    cookie_values(fields.iter().map(|field| field.as_bytes()), "T")
        .map(|value| std::str::from_utf8(value).unwrap())
        .collect()
}

#[test]
fn cookies_match_by_exact_name_over_all_fields() {
    assert_eq!(values(&["a=1; T=x; b=2"]), ["x"]);
    assert_eq!(values(&["T=x", "a=1; T=y"]), ["x", "y"]);
    assert_eq!(values(&["T=a=b==; t=no; TT=no; aT=no; T"]), ["a=b=="]);
    assert_eq!(values(&["  T=x%20 ;T=;;"]), ["x%20", ""]);
    assert!(values(&["", "T ", "T =x", "T"]).is_empty());
}

#[test]
fn only_text_before_an_equals_sign_is_a_name() {
    let names: Vec<&[u8]> = cookie_names(b" a=1; b ;=c; d=e=f;;a=2").collect();
    assert_eq!(names, [b"a", b"d", b"a"]);
}

#[test]
fn other_cookies_stay_as_they_are() {
    for (field, rest) in [("T=x", ""), ("a=1; T=x; b=\"2\"", "a=1; b=\"2\""), ("T=1;T=2;Ta=3", "Ta=3")] {
        assert_eq!(without_cookies(field.as_bytes(), &["T"]).as_deref(), Some(rest.as_bytes()), "{field}");
    }
    assert_eq!(without_cookies(b"a=T=x;; b", &["T"]), None);
}
