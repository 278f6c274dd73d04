use super::*;
use crate::error::{PathFault, UrlSignatureFault};

#[test]
fn errors_state_the_limits_that_are_enforced() {
    assert_eq!(PathFault::TooLong.to_string(), format!("it is longer than {MAX_PATH_LEN} bytes"));
    let credential = UrlSignatureFault::TooLong.to_string();
    assert_eq!(credential, format!("it is longer than {MAX_CREDENTIAL_BYTES} bytes"));
}
