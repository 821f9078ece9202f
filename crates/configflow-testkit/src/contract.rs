//! What every [`Store`] must do, as functions that a store's own tests run: [`store_contract!`](crate::store_contract) makes a
//! test of each.
//!
//! Each takes an empty store, and panics where it does not do what it must.

use configflow_core::definition::{Dialog, FormSpec, Op, Outcome, Parts, Rule, Show, Step};
use configflow_core::{Change, Definition, EffectId, EffectOutcome, Failure, Started, State, start};
use configflow_engine::store::{Commit, KeptFlow, SealableToken, StoredFlow, Write};
use configflow_engine::{Entry, Implementation, Store, StoreError, Subentry, Token};
use configflow_oauth::Secret;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use time::OffsetDateTime;

/// Makes a test of every case of the contract. The expression makes an empty store, beside what must live as long as it.
///
/// ```
/// # async fn fresh() -> ((), configflow_engine::MemoryStore) { ((), configflow_engine::MemoryStore::new()) }
/// configflow_testkit::store_contract!(fresh().await);
/// ```
#[macro_export]
macro_rules! store_contract {
    ($fresh:expr) => {
        $crate::store_contract!($fresh;
            flows_come_back_as_they_were_kept
            what_belongs_to_a_flow_goes_with_it
            an_effect_that_may_run_once_is_known_to_have_begun
            entries_are_found_by_every_key
            a_unique_id_belongs_to_one_entry
            an_ignored_entry_gives_way
            a_refused_commit_writes_nothing
            entries_change_and_say_whether_they_did
            a_changed_unique_id_frees_the_old_one
            subentries_are_made_and_changed
            tokens_come_and_go_with_their_entry
            a_refresh_that_never_ended_is_seen
            one_at_a_time_may_refresh
            what_came_of_a_refresh_is_kept_only_while_it_is_under_way
            of_many_at_once_one_wins
            credentials_are_kept_under_their_id
        );
    };
    ($fresh:expr; $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let (_alive, store) = $fresh;
                $crate::contract::$name(&store).await;
            }
        )*
    };
}

/// A flow's state is kept, replaced and forgotten.
pub async fn flows_come_back_as_they_were_kept(store: &dyn Store) {
    assert!(store.flows().await.expect("flows").flows.is_empty());
    let (one, two) = (flow("one"), flow("two"));
    store.save_flow(&one).await.expect("saved");
    store.save_flow(&two).await.expect("saved");
    let changed = KeptFlow { claims: vec!["a claim".to_owned()], principal: Some("anna".to_owned()), ..one };
    store.save_flow(&changed).await.expect("saved again");

    let kept = flows(store).await;
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].flow.claims, ["a claim"]);
    assert_eq!(kept[0].flow.principal.as_deref(), Some("anna"));
    assert_eq!(kept[0].flow.domain, "contract");
    assert_eq!(json!(kept[0].flow.state), json!(changed.state), "the state is the same to the last value");
    assert!(kept[0].link.is_none() && kept[0].once.is_none());

    store.remove_flow("one").await.expect("removed");
    store.remove_flow("one").await.expect("removing what is not there is no fault");
    assert_eq!(flows(store).await.len(), 1);
}

/// Links and effects are forgotten with their flow, and never come back without it.
pub async fn what_belongs_to_a_flow_goes_with_it(store: &dyn Store) {
    store.save_flow(&flow("one")).await.expect("saved");
    store.save_link("one", Secret::new("first")).await.expect("kept");
    store.save_link("one", Secret::new("second")).await.expect("kept");
    store.begin_once("one", EffectId(3)).await.expect("kept");
    assert_eq!(flows(store).await[0].link.as_ref().map(Secret::expose), Some("second"));
    store.save_flow(&flow("one")).await.expect("saved again");
    assert!(flows(store).await[0].link.is_some(), "a step keeps what was done towards linking");

    store.remove_flow("one").await.expect("removed");
    store.save_link("one", Secret::new("late")).await.expect("of a flow that is gone nothing is kept");
    store.save_flow(&flow("one")).await.expect("saved");
    let kept = flows(store).await;
    assert!(kept[0].link.is_none() && kept[0].once.is_none());
}

/// An intent is there before its effect ends, and what came of it after.
pub async fn an_effect_that_may_run_once_is_known_to_have_begun(store: &dyn Store) {
    assert_eq!(store.begin_once("one", EffectId(1)).await, Err(StoreError::NoFlow));
    store.save_flow(&flow("one")).await.expect("saved");
    store.begin_once("one", EffectId(1)).await.expect("kept");
    let begun = flows(store).await.remove(0).once.expect("an intent");
    assert_eq!(begun.effect, EffectId(1));
    assert!(begun.outcome.is_none());

    let outcome = EffectOutcome::failed(Failure::code("denied").with("reason", "x"));
    store.end_once("one", EffectId(1), &outcome, Some(Secret::new("link"))).await.expect("kept");
    let stored = flows(store).await.remove(0);
    assert_eq!(stored.link.as_ref().map(Secret::expose), Some("link"));
    assert_eq!(json!(stored.once.expect("an effect").outcome.expect("its outcome")), json!(outcome));

    store.begin_once("one", EffectId(2)).await.expect("kept");
    let next = flows(store).await.remove(0).once.expect("an intent");
    assert_eq!(next.effect, EffectId(2));
    assert!(next.outcome.is_none(), "what came of the one before is not this one's");
}

/// An entry is found by id, by integration and by unique id; the flow that made it is gone.
pub async fn entries_are_found_by_every_key(store: &dyn Store) {
    store.save_flow(&flow("one")).await.expect("saved");
    let first = entry("1", "contract", Some("a"));
    let made = create(store, "one", first.clone(), None).await.expect("made");
    assert!(made.changed);
    assert!(made.entry == first);
    assert!(flows(store).await.is_empty(), "the flow is forgotten with its end");
    create(store, "two", entry("2", "other", Some("a")), None).await.expect("another integration's id is another id");
    create(store, "three", entry("3", "contract", None), None).await.expect("made");
    create(store, "four", entry("4", "contract", None), None).await.expect("no id is nobody's");

    assert!(store.entry("1").await.expect("read") == Some(first.clone()));
    assert!(store.entry("nothing").await.expect("read").is_none());
    assert_eq!(ids(store, None).await, ["1", "2", "3", "4"]);
    assert_eq!(ids(store, Some("contract")).await, ["1", "3", "4"]);
    assert_eq!(ids(store, Some("nothing")).await, [""; 0]);
    assert!(store.entry_by_unique_id("contract", "a").await.expect("read") == Some(first));
    assert!(store.entry_by_unique_id("contract", "b").await.expect("read").is_none());
}

/// Two entries of an integration never have one unique id.
pub async fn a_unique_id_belongs_to_one_entry(store: &dyn Store) {
    create(store, "one", entry("1", "contract", Some("a")), None).await.expect("made");
    let second = create(store, "two", entry("2", "contract", Some("a")), None).await;
    assert_eq!(second.err(), Some(StoreError::AlreadyConfigured));
    assert_eq!(ids(store, None).await, ["1"]);
}

/// An entry that somebody ignored gives way to one that somebody wants.
pub async fn an_ignored_entry_gives_way(store: &dyn Store) {
    let ignored = Entry { source: "ignore".to_owned(), ..entry("1", "contract", Some("a")) };
    create(store, "one", ignored, None).await.expect("made");
    create(store, "two", entry("2", "contract", Some("a")), None).await.expect("made in its place");
    assert_eq!(ids(store, None).await, ["2"]);
    let owner = store.entry_by_unique_id("contract", "a").await.expect("read").expect("an entry");
    assert_eq!(owner.entry_id, "2");
}

/// Entry, token and the flow's end are written together or not at all.
pub async fn a_refused_commit_writes_nothing(store: &dyn Store) {
    create(store, "one", entry("1", "contract", Some("a")), Some(token("contract", "key", "first"))).await.expect("made");
    store.save_flow(&flow("two")).await.expect("saved");
    let same_id = create(store, "two", entry("2", "contract", Some("a")), Some(token("contract", "fresh", "x"))).await;
    assert_eq!(same_id.err(), Some(StoreError::AlreadyConfigured));
    assert!(store.token("contract", "fresh").await.expect("read").is_none());
    assert_eq!(flows(store).await.len(), 1, "the flow goes on");

    let same_key = create(store, "two", entry("2", "contract", Some("b")), Some(token("contract", "key", "second"))).await;
    assert_eq!(same_key.err(), Some(StoreError::AlreadyConfigured));
    assert_eq!(ids(store, None).await, ["1"]);
    assert_eq!(access(store, "contract", "key").await.as_deref(), Some("first"));

    let update = Write::Update { entry_id: "nothing".to_owned(), change: Change::default() };
    let missing = commit(store, "two", update, Some(token("contract", "fresh", "x"))).await;
    assert_eq!(missing.err(), Some(StoreError::NoEntry));
    assert!(store.token("contract", "fresh").await.expect("read").is_none());
    assert_eq!(flows(store).await.len(), 1);
}

/// Changes are merged or replaced, and an update that changes nothing says so.
pub async fn entries_change_and_say_whether_they_did(store: &dyn Store) {
    create(store, "one", entry("1", "contract", None), None).await.expect("made");
    let change = Change {
        data_updates: Some(map(json!({"b": 2}))),
        options: Some(map(json!({"o": true}))),
        title: Some("Other".to_owned()),
        ..Change::default()
    };
    let update = || Write::Update { entry_id: "1".to_owned(), change: change.clone() };
    let changed = commit(store, "two", update(), None).await.expect("changed");
    assert!(changed.changed);
    assert_eq!(changed.entry.modified_at, later());
    let stored = store.entry("1").await.expect("read").expect("the entry");
    assert!(stored == changed.entry);
    assert_eq!((json!(stored.data), json!(stored.options)), (json!({"secret": "canary", "b": 2}), json!({"o": true})));
    assert_eq!(stored.title, "Other");
    assert_eq!(stored.more, map(json!({"discovery_keys": {"x": []}})));
    assert!(!commit(store, "three", update(), None).await.expect("the same").changed);

    let options = Write::SetOptions { entry_id: "1".to_owned(), options: map(json!({"p": 1})) };
    let set = commit(store, "four", options, None).await.expect("set");
    assert_eq!(json!(set.entry.options), json!({"p": 1}));
    let whole = Change { data: Some(Map::new()), ..Change::default() };
    let update = Write::Update { entry_id: "1".to_owned(), change: whole };
    assert!(commit(store, "five", update, Some(token("contract", "key", "t"))).await.expect("set").entry.data.is_empty());
    let linked = store.entry("1").await.expect("read").expect("the entry");
    assert_eq!(linked.account_key.as_deref(), Some("key"), "a linked entry knows its token");
}

/// A unique id can change, but not to one that is another entry's.
pub async fn a_changed_unique_id_frees_the_old_one(store: &dyn Store) {
    create(store, "one", entry("1", "contract", Some("a")), None).await.expect("made");
    create(store, "two", entry("2", "contract", Some("b")), None).await.expect("made");
    let update = |id: &str| {
        let change = Change { unique_id: Some(id.to_owned()), ..Change::default() };
        Write::Update { entry_id: "1".to_owned(), change }
    };
    assert_eq!(commit(store, "three", update("b"), None).await.err(), Some(StoreError::AlreadyConfigured));
    assert_eq!(store.entry_by_unique_id("contract", "b").await.expect("read").expect("an entry").entry_id, "2");
    commit(store, "three", update("c"), None).await.expect("changed");
    assert!(store.entry_by_unique_id("contract", "a").await.expect("read").is_none());
    assert_eq!(store.entry_by_unique_id("contract", "c").await.expect("read").expect("an entry").entry_id, "1");
    create(store, "four", entry("4", "contract", Some("a")), None).await.expect("the old id is free");
}

/// Sub-entries have unique ids of their own within their entry.
pub async fn subentries_are_made_and_changed(store: &dyn Store) {
    create(store, "one", entry("1", "contract", None), None).await.expect("made");
    let make = |id: &str, unique_id: Option<&str>| Write::CreateSubentry {
        entry_id: "1".to_owned(),
        subentry: Subentry {
            subentry_id: id.to_owned(),
            subentry_type: "zone".to_owned(),
            title: "Zone".to_owned(),
            data: map(json!({"pin": "canary"})),
            unique_id: unique_id.map(str::to_owned),
            more: Map::new(),
        },
    };
    commit(store, "two", make("s1", Some("u")), None).await.expect("made");
    commit(store, "three", make("s2", None), None).await.expect("made");
    commit(store, "four", make("s3", None), None).await.expect("no id is nobody's");
    assert_eq!(commit(store, "five", make("s4", Some("u")), None).await.err(), Some(StoreError::AlreadyConfigured));

    let update = |id: &str| Write::UpdateSubentry {
        entry_id: "1".to_owned(),
        subentry_id: id.to_owned(),
        change: Change { title: Some("Garden".to_owned()), data_updates: Some(map(json!({"a": 1}))), ..Change::default() },
    };
    assert_eq!(commit(store, "six", update("nothing"), None).await.err(), Some(StoreError::NoEntry));
    assert!(commit(store, "six", update("s2"), None).await.expect("changed").changed);
    let stored = store.entry("1").await.expect("read").expect("the entry");
    let titles: Vec<&str> = stored.subentries.iter().map(|subentry| subentry.title.as_str()).collect();
    assert_eq!(titles, ["Zone", "Garden", "Zone"]);
    assert_eq!(json!(stored.subentries[1].data), json!({"pin": "canary", "a": 1}));
}

/// A token is kept with its entry, replaced by a refreshed one, and removed with the entry.
pub async fn tokens_come_and_go_with_their_entry(store: &dyn Store) {
    create(store, "one", entry("1", "contract", Some("a")), Some(token("contract", "key", "first"))).await.expect("made");
    create(store, "two", entry("2", "other", None), Some(token("other", "key", "others"))).await.expect("made");
    let stored = store.token("contract", "key").await.expect("read").expect("the token");
    assert_eq!(stored.client_secret.as_ref().map(Secret::expose), Some("canary"));
    assert_eq!(stored.tokens.refresh().map(Secret::expose), Some("refresh"));
    assert_eq!((stored.provider.as_str(), stored.scopes.len()), ("provider", 1));
    assert_eq!(stored.account, json!({"username": "anna"}));
    store.save_token(token("contract", "key", "second")).await.expect("kept");
    assert_eq!(access(store, "contract", "key").await.as_deref(), Some("second"));

    // An entry that is linked under another key leaves no token behind, and takes nobody else's.
    create(store, "three", entry("3", "contract", None), Some(token("contract", "third", "third"))).await.expect("made");
    let options = |entry_id: &str| Write::SetOptions { entry_id: entry_id.to_owned(), options: map(json!({"x": 1})) };
    let taken = commit(store, "four", options("3"), Some(token("contract", "key", "stolen"))).await;
    assert_eq!(taken.err(), Some(StoreError::AlreadyConfigured));
    assert_eq!(access(store, "contract", "key").await.as_deref(), Some("second"));
    commit(store, "five", options("3"), Some(token("contract", "moved", "moved"))).await.expect("linked anew");
    assert_eq!(access(store, "contract", "moved").await.as_deref(), Some("moved"));
    assert_eq!(access(store, "contract", "third").await, None);

    let (removed, token) = store.remove_entry("1").await.expect("removed").expect("the entry");
    assert_eq!(removed.entry_id, "1");
    assert_eq!(token.map(|token| token.tokens.access().expose().to_owned()).as_deref(), Some("second"));
    assert!(store.entry("1").await.expect("read").is_none());
    assert!(store.entry_by_unique_id("contract", "a").await.expect("read").is_none());
    assert!(store.token("contract", "key").await.expect("read").is_none());
    assert_eq!(access(store, "other", "key").await.as_deref(), Some("others"), "nobody else's token goes");
    assert!(store.remove_entry("1").await.expect("nothing to remove").is_none());
}

/// Only one refresh of a token is under way, and one that never ended is seen until the token is linked anew.
pub async fn a_refresh_that_never_ended_is_seen(store: &dyn Store) {
    assert!(!store.begin_refresh("contract", "key").await.expect("asked"), "there is no token to refresh");
    store.save_token(token("contract", "key", "first")).await.expect("kept");
    assert!(store.begin_refresh("contract", "key").await.expect("begun"));
    assert!(!store.begin_refresh("contract", "key").await.expect("asked"), "one is under way");
    store.end_refresh("contract", "key").await.expect("ended");
    assert!(store.begin_refresh("contract", "key").await.expect("begun"));
    store.save_token(token("contract", "key", "second")).await.expect("kept");
    assert!(store.begin_refresh("contract", "key").await.expect("a new token ends it"));
}

/// The right to refresh a token is one's at a time, and another token's is another right.
pub async fn one_at_a_time_may_refresh(store: &dyn Store) {
    let lease = store.lease("contract", "key").await.expect("asked").expect("the lease");
    assert!(store.lease("contract", "key").await.expect("asked").is_none(), "it is taken");
    let others = [("contract", "key2"), ("contractk", "ey")];
    for (domain, key) in others {
        assert!(store.lease(domain, key).await.expect("asked").is_some(), "{domain} {key}");
    }
    drop(lease);
    assert!(store.lease("contract", "key").await.expect("asked").is_some(), "it was given back");
}

/// What a refresh came to is kept, unless the token was removed or linked anew meanwhile.
pub async fn what_came_of_a_refresh_is_kept_only_while_it_is_under_way(store: &dyn Store) {
    let account = || ("contract".to_owned(), "key".to_owned());
    assert!(!store.finish_refresh(token("contract", "key", "none")).await.expect("asked"), "there is no token");
    assert!(store.token("contract", "key").await.expect("read").is_none());
    create(store, "one", entry("1", "contract", Some("a")), Some(token("contract", "key", "first"))).await.expect("made");
    assert!(!store.finish_refresh(token("contract", "key", "unasked")).await.expect("asked"), "none is under way");

    assert_eq!(store.refreshes().await.expect("read"), []);
    assert!(store.begin_refresh("contract", "key").await.expect("begun"));
    assert_eq!(store.refreshes().await.expect("read"), [account()]);
    let refused = Token { refused: Some("token.provider_error".to_owned()), ..token("contract", "key", "second") };
    assert!(store.finish_refresh(refused).await.expect("kept"));
    assert_eq!(store.refreshes().await.expect("read"), []);
    let kept = store.token("contract", "key").await.expect("read").expect("the token");
    assert_eq!((kept.tokens.access().expose(), kept.refused.as_deref()), ("second", Some("token.provider_error")));

    assert!(store.begin_refresh("contract", "key").await.expect("begun"));
    let update = Write::Update { entry_id: "1".to_owned(), change: Change::default() };
    commit(store, "two", update, Some(token("contract", "key", "linked anew"))).await.expect("linked anew");
    assert!(!store.finish_refresh(token("contract", "key", "late")).await.expect("asked"), "it was linked anew meanwhile");
    assert_eq!(access(store, "contract", "key").await.as_deref(), Some("linked anew"));

    assert!(store.begin_refresh("contract", "key").await.expect("begun"));
    store.remove_entry("1").await.expect("removed").expect("the entry");
    assert!(!store.finish_refresh(token("contract", "key", "late")).await.expect("asked"), "it was removed meanwhile");
    assert!(store.token("contract", "key").await.expect("read").is_none(), "no token without an entry");
}

/// Of many flows that end at once with one unique id, one makes its entry.
pub async fn of_many_at_once_one_wins(store: &dyn Store) {
    let all = (0..64).map(|at| async move {
        let id = format!("entry{at:02}");
        create(store, &format!("flow{at}"), entry(&id, "contract", Some("a")), Some(token("contract", &id, "t"))).await.is_ok()
    });
    let won = futures_util::future::join_all(all).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let entries = store.entries(None).await.expect("entries");
    assert_eq!(entries.len(), 1);
    for (at, won) in won.iter().enumerate() {
        let token = store.token("contract", &format!("entry{at:02}")).await.expect("read");
        assert_eq!(token.is_some(), *won, "a token without an entry");
    }
}

/// The operator's client ids and secrets come back as they were kept, in their order; one id has one of them.
pub async fn credentials_are_kept_under_their_id(store: &dyn Store) {
    assert!(store.implementations().await.expect("read").is_empty());
    for (domain, id, secret) in [("b", "b_1", "canary-1"), ("a", "a_1", "canary-2"), ("b", "b_2", "canary-3")] {
        store.save_implementation(domain, &implementation(id, secret)).await.expect("kept");
    }
    store.save_implementation("b", &implementation("b_1", "canary-4")).await.expect("kept again");
    let kept = store.implementations().await.expect("read");
    let known: Vec<(&str, &str, &str)> =
        kept.iter().map(|(domain, one)| (domain.as_str(), one.id.as_str(), one.client_secret.expose())).collect();
    assert_eq!(known, [("b", "b_1", "canary-4"), ("a", "a_1", "canary-2"), ("b", "b_2", "canary-3")]);
    assert_eq!((kept[0].1.name.as_str(), kept[0].1.client_id.as_str()), ("Name of b_1", "client of b_1"));

    store.remove_implementation("a_1").await.expect("removed");
    store.remove_implementation("a_1").await.expect("removing what is not there is no fault");
    let left: Vec<String> = store.implementations().await.expect("read").into_iter().map(|(_, one)| one.id).collect();
    assert_eq!(left, ["b_1", "b_2"]);
}

async fn flows(store: &dyn Store) -> Vec<StoredFlow> {
    let kept = store.flows().await.expect("flows");
    assert!(kept.unreadable.is_empty());
    let mut flows = kept.flows;
    flows.sort_by(|one, other| one.flow.flow_id().cmp(other.flow.flow_id()));
    flows
}

async fn ids(store: &dyn Store, domain: Option<&str>) -> Vec<String> {
    store.entries(domain).await.expect("entries").into_iter().map(|entry| entry.entry_id).collect()
}

async fn access(store: &dyn Store, domain: &str, key: &str) -> Option<String> {
    store.token(domain, key).await.expect("read").map(|token| token.tokens.access().expose().to_owned())
}

async fn create(
    store: &dyn Store,
    flow_id: &str,
    entry: Entry,
    token: Option<Token>,
) -> Result<configflow_engine::store::Committed, StoreError> {
    commit(store, flow_id, Write::Create(Box::new(entry)), token).await
}

async fn commit(
    store: &dyn Store,
    flow_id: &str,
    write: Write,
    token: Option<Token>,
) -> Result<configflow_engine::store::Committed, StoreError> {
    store.commit(Commit { flow_id: flow_id.to_owned(), now: later(), write, token }).await
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn later() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::hours(1)
}

/// A flow that stands at its first form.
#[must_use]
pub fn flow(flow_id: &str) -> KeptFlow {
    let step = Step {
        show: Show::Form(FormSpec::default()),
        then: vec![Op::Decide(Rule::always(Outcome::Abort { reason: "bye".into(), placeholders: None }))],
        ..Step::named("user")
    };
    let parts = Parts { domain: "contract".to_owned(), config: Some(Dialog::new([step])), ..Parts::default() };
    let definition = Definition::build(parts).expect("a definition");
    let state: State = start(&definition, Started::by("user", flow_id)).expect("a flow").state;
    KeptFlow { domain: "contract".to_owned(), principal: None, claims: Vec::new(), state: Arc::new(state) }
}

/// An entry with a secret in its data.
#[must_use]
pub fn entry(entry_id: &str, domain: &str, unique_id: Option<&str>) -> Entry {
    Entry {
        entry_id: entry_id.to_owned(),
        domain: domain.to_owned(),
        title: format!("Entry {entry_id}"),
        data: map(json!({"secret": "canary"})),
        options: Map::new(),
        unique_id: unique_id.map(str::to_owned),
        source: "user".to_owned(),
        version: 1,
        minor_version: 2,
        subentries: Vec::new(),
        account_key: None,
        disabled_by: None,
        created_at: OffsetDateTime::UNIX_EPOCH,
        modified_at: OffsetDateTime::UNIX_EPOCH,
        more: map(json!({"discovery_keys": {"x": []}})),
    }
}

/// A client id and secret of the operator's.
#[must_use]
pub fn implementation(id: &str, client_secret: &str) -> Implementation {
    Implementation {
        id: id.to_owned(),
        name: format!("Name of {id}"),
        client_id: format!("client of {id}"),
        client_secret: Secret::new(client_secret),
    }
}

/// A token.
#[must_use]
pub fn token(domain: &str, key: &str, access: &str) -> Token {
    let form = json!({
        "domain": domain, "key": key, "provider": "provider", "parameters": {"cloud": "common"}, "client_id": "client",
        "client_secret": "canary", "scopes": ["User.Read"], "account": {"username": "anna"},
        "tokens": {
            "version": 1, "access": access, "refresh": "refresh", "expires_at": 4_000_000_000_i64, "scopes": ["User.Read"],
            "token_type": "Bearer", "extra": {},
        },
    });
    let form: SealableToken = serde_json::from_value(form).expect("a token");
    Token::from_sealable(form).expect("a token")
}
