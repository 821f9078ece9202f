//! Any text as a pasted URL: no panic, and no code out of it unless it holds the attempt's own state.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use configflow_oauth::{Account, Attempt, Begin, Catalogue, Client, HttpOptions, Resolution, Returned, Secret};
use libfuzzer_sys::fuzz_target;

struct Link {
    client: Client,
    account: Account,
    attempt: Attempt,
    state: String,
}

static LINK: LazyLock<Link> = LazyLock::new(|| {
    let Ok(Resolution::Ready(entra)) = Catalogue::builtin().resolve("microsoft_entra", &BTreeMap::new()) else { unreachable!() };
    let redirect_uri = entra.native().expect("a native page").redirect_uri.clone();
    let account = Account::new(Arc::from(entra), "client", Some(Secret::new("secret")), vec!["User.Read".into()]).expect("an account");
    let client = Client::new(HttpOptions::default()).expect("a client");
    let attempt = client.begin(&account, Begin { redirect_uri: &redirect_uri, flow: "fuzz", principal: "fuzz" }).expect("an attempt");
    let state = attempt.url().split('&').find_map(|pair| pair.strip_prefix("state=")).expect("a state").to_owned();
    Link { client, account, attempt, state }
});

fuzz_target!(|text: &str| {
    let link = &*LINK;
    // Half of the inputs have the right state somewhere, so that what lies behind that check is met too.
    let text = text.replace("$STATE", &link.state);
    let read = link.client.read(&link.account, &link.attempt, &Returned::pasted(&text));
    assert!(read.is_err() || text.contains(&link.state));
    let _ = link.client.read(&link.account, &link.attempt, &Returned::from_query(&text));
});
