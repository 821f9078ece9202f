//! A fixture inside a test of an integration's own, its transitions kept by `insta`.

use std::path::Path;

use configflow_testkit::{Fixture, Flows, Provider, drive};

#[tokio::test]
async fn a_helper_is_set_up() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/steps/threshold_user.json");
    let fixture = Fixture::read(&path).expect("a fixture");
    let flows = Flows::near(&path).expect("definitions beside it");
    let driven = drive(&fixture, &flows, Provider::Simulated).await.expect("it runs");
    assert!(driven.mismatches.is_empty(), "{:?}", driven.mismatches);
    insta::assert_json_snapshot!(driven.transitions);
}
