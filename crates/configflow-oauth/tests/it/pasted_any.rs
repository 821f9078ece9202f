//! Properties of the diagnosis: no text makes it panic, and none gives a code unless its place and state are the attempt's.

use std::sync::LazyLock;

use configflow_oauth::{Client, Returned};
use proptest::prelude::*;
use url::Url;

use crate::support::{NATIVE, begin, entra, offline, read, state};

/// Building one costs more than a case.
static CLIENT: LazyLock<Client> = LazyLock::new(offline);

fn piece() -> impl Strategy<Value = String> {
    let words = [
        NATIVE,
        "https://",
        "http://",
        "login.microsoftonline.com",
        "/common/oauth2/nativeclient",
        "/common/wrongplace",
        "?",
        "&",
        "#",
        "=",
        "%",
        "code",
        "state",
        "STATE",
        "error",
        "iss",
        "code=c0de",
        "state=STATE",
        ":443",
        "@",
        "\n",
        " ",
        "<",
        ">",
        "\"",
        "url:",
        "ä",
        "\u{200b}",
    ];
    prop_oneof![4 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn text() -> impl Strategy<Value = String> {
    let tail = || prop::collection::vec(piece(), 0..4).prop_map(|tail| tail.concat());
    prop_oneof![
        any::<String>(),
        prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat()),
        tail().prop_map(|tail| format!("{NATIVE}?code=c0de&state=STATE{tail}")),
        ("[A-Za-z0-9_-]{1,24}", tail()).prop_map(|(state, tail)| format!("{NATIVE}?code=c0de&state={state}{tail}")),
        ("https://[a-z.@:]{1,24}", tail())
            .prop_map(|(place, tail)| format!("{place}/common/oauth2/nativeclient?code=c0de&state=STATE{tail}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_code_needs_place_and_state(text in text()) {
        let (client, account) = (&*CLIENT, entra(&["User.Read"]));
        let attempt = begin(client, &account, NATIVE);
        let state = state(&attempt);
        let text = text.replace("STATE", &state);
        let _ = Returned::pasted(&text).state_hash();
        let callback = client.read(&account, &attempt, &Returned::from_query(&text));
        if callback.is_ok() {
            let states = url::form_urlencoded::parse(text.trim_start_matches('?').as_bytes()).filter(|(name, _)| name == "state");
            prop_assert_eq!(states.map(|(_, value)| value.into_owned()).collect::<Vec<_>>(), vec![state.clone()]);
        }
        match read(client, &account, &attempt, &text) {
            Ok(_) => {
                let joined = text.split(['\r', '\n']).map(str::trim).collect::<String>();
                let start = joined.to_ascii_lowercase().find("https:");
                prop_assert!(start.is_some(), "{:?}", text);
                let url = Url::parse(&joined[start.unwrap_or_default()..]);
                let url = url.map_err(|error| TestCaseError::fail(format!("{error}: {text:?}")))?;
                prop_assert_eq!(url.host_str(), Some("login.microsoftonline.com"));
                prop_assert_eq!(url.port_or_known_default(), Some(443));
                prop_assert_eq!(url.path(), "/common/oauth2/nativeclient");
                prop_assert!(url.username().is_empty());
                prop_assert!(text.contains(&state));
            }
            Err(error) => {
                let shown = format!("{error} {error:?} {:?}", error.public_fields());
                prop_assert!(!shown.contains(&state) && !shown.contains("c0de"), "{}", shown);
            }
        }
    }
}
