//! Flows that have to do with each other: one that leads to the next, one that makes others pointless, and a callback that
//! brings nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use configflow_core::FlowResult;
use configflow_core::signature::builtin;
use configflow_engine::{Engine, FlowError, Implementation, MemoryStore, Start};
use configflow_oauth::{Catalogue, Secret};
use configflow_testkit::{Flows, Scripted};
use serde_json::{Value, json};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn engine(domains: &[&str]) -> Engine {
    let provider = std::fs::read_to_string(fixtures().join("providers/flow_lab_oauth.yaml")).expect("a provider");
    let flows = Flows::in_folder(&fixtures().join("flows"));
    let mut builder = Engine::builder()
        .store(Arc::new(MemoryStore::new()))
        .hub(json!({"external_url": "https://hub.example"}))
        .catalogue(Catalogue::builtin().with(&provider).expect("a sound provider"));
    for domain in domains {
        let definition = flows.get(domain).expect("a definition");
        for (_, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
            builder = builder.action(Scripted::new((**signature).clone(), Vec::new()));
        }
        builder = builder.definition(definition);
    }
    builder.build().expect("the engine starts")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[tokio::test]
async fn an_entry_leads_to_a_flow_of_the_same_person() {
    let engine = engine(&["flow_lab"]);
    let (caller, stranger) = (engine.caller("ada"), engine.caller("bob"));
    let menu = caller.start(Start::user("flow_lab")).await.expect("a menu").to_value();
    let made = caller.answer(text(&menu["flow_id"]), json!({"next_step_id": "next_flow"})).await.expect("an entry").to_value();
    assert_eq!(made["next_flow"][0], "config_flow");
    let next = text(&made["next_flow"][1]);
    assert_eq!(stranger.get(next).await.expect_err("it is not theirs"), FlowError::OtherPrincipal);
    let shown = caller.get(next).await.expect("the next flow goes on").to_value();
    assert_eq!((&shown["type"], &shown["step_id"]), (&json!("menu"), &json!("user")));
}

#[tokio::test]
async fn what_has_no_unique_id_is_not_ignored() {
    let engine = engine(&["flow_lab"]);
    let caller = engine.caller("ada");
    let menu = caller.start(Start::user("flow_lab")).await.expect("a menu").to_value();
    let refused = engine.ignore_flow(text(&menu["flow_id"]), "x".to_owned()).await.expect_err("nothing tells it from others");
    assert_eq!(refused.code(), "flow.no_unique_id");
    assert!(caller.get(text(&menu["flow_id"])).await.is_ok(), "the flow goes on");
}

#[tokio::test]
async fn what_can_only_be_imported_says_so() {
    let engine = engine(&["flow_lab_nouser"]);
    let caller = engine.caller("ada");
    let shown = caller.start(Start::user("flow_lab_nouser")).await.expect("an answer");
    assert!(matches!(&*shown, FlowResult::Abort(abort) if abort.reason == "not_implemented"));
    assert_eq!(engine.flows_in_progress(), 0);
    let other = caller.start(Start::source("flow_lab_nouser", "zeroconf", json!({}))).await.expect_err("nobody finds it");
    assert_eq!(other.code(), "flow.unknown_step");
}

#[tokio::test]
async fn what_is_found_without_a_step_for_it_is_asked_for_once() {
    let engine = engine(&["flow_lab_single", "flow_lab"]);
    let caller = engine.caller("ada");
    let found = || Start::source("flow_lab", "dhcp", json!({"ip": "192.168.1.2"}));
    let shown = caller.start(found()).await.expect("the step of a person").to_value();
    assert_eq!((&shown["type"], &shown["step_id"]), (&json!("menu"), &json!("user")));
    let again = caller.start(found()).await.expect("an answer").to_value();
    assert_eq!(again["reason"], "already_in_progress");
    assert_eq!(engine.flows_in_progress(), 1);
    engine.ignore_flow(text(&shown["flow_id"]), "Ignored".to_owned()).await.expect("it can be ignored");
    let ignored = caller.start(found()).await.expect("an answer").to_value();
    assert_eq!(ignored["reason"], "already_configured", "what was ignored is not found again");

    let shown = caller.start(Start::source("flow_lab_single", "usb", json!({}))).await.expect("a form").to_value();
    assert_eq!(shown["type"], "form");
    engine.ignore_flow(text(&shown["flow_id"]), "Ignored".to_owned()).await.expect("it can be ignored");
    let found = caller.start(Start::source("flow_lab_single", "usb", json!({}))).await.expect("an answer").to_value();
    assert_eq!(found["reason"], "single_instance_allowed");
    let by_hand = caller.start(Start::user("flow_lab_single")).await.expect("a form").to_value();
    assert_eq!(by_hand["type"], "form", "a person may set up what was ignored");
}

#[tokio::test]
async fn a_callback_that_brings_nothing_changes_nothing() {
    let engine = engine(&["flow_lab_oauth"]);
    let implementation = Implementation {
        id: "flow_lab_oauth_c".to_owned(),
        name: "C".to_owned(),
        client_id: "c".to_owned(),
        client_secret: Secret::new("made-up-secret"),
    };
    engine.add_credentials("flow_lab_oauth", implementation);
    let caller = engine.caller("ada");
    let shown = caller.start(Start::user("flow_lab_oauth")).await.expect("a link").to_value();
    let link = url::Url::parse(text(&shown["url"])).expect("a URL");
    let (_, state) = link.query_pairs().find(|(name, _)| name == "state").expect("a state");
    let refused = engine.callback(&format!("state={state}")).await.expect_err("it is no answer");
    assert_eq!(refused.code(), "flow.empty_callback");
    // The attempt is as it was: an answer that is one is taken.
    engine.callback(&format!("state={state}&error=access_denied")).await.expect("the provider's answer is taken");
    let ended = caller.get(text(&shown["flow_id"])).await.expect("the end").to_value();
    assert_eq!(
        (&ended["reason"], &ended["description_placeholders"]["error"]),
        (&json!("user_rejected_authorize"), &json!("access_denied"))
    );
}

#[tokio::test]
async fn entries_are_in_the_order_of_their_making() {
    let engine = engine(&["flow_lab"]);
    let caller = engine.caller("ada");
    let mut made = Vec::new();
    for at in 0..50 {
        let shown = caller.start(Start::source("flow_lab", "import", json!({"at": at}))).await.expect("an entry").to_value();
        made.push(text(&shown["result"]["entry_id"]).to_owned());
    }
    assert_eq!(made, made.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    let stored = engine.store().entries(Some("flow_lab")).await.expect("the store answers");
    assert_eq!(stored.into_iter().map(|entry| entry.entry_id).collect::<Vec<_>>(), made);
}
