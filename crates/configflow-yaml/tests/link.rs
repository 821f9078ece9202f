//! A step with `link`: what it becomes, and that one mistake in it is one diagnostic, where the mistake is.
//!
//! A new case is a new line: what is replaced, by what, and the code. `§` stands before the place of the diagnostic.

use configflow_core::Definition;
use configflow_core::definition::{Op, Outcome, Show};
use configflow_yaml::{Diagnostics, Options, Source, load};

const SOUND: &str = r#"domain: demo
fields:
  client_id: { type: string, required: true }
  secret: { type: string, required: true, secret: true }
account: { provider: some, client_id: "{{ client_id }}", client_secret: "{{ secret }}" }
config:
  user: { form: [client_id, secret], then: account }
  account:
    link:
      methods: [callback, loopback, device, paste]
      callback_path: /api/demo
      shown_as: { paste: pasted }
    placeholders: { client: "{{ client_id }}" }
    on_error:
      token:
        - { when: failure.reason == 'unauthorized', error: { secret: wrong_secret }, step: user }
    do:
      - entry.unique: { id: "{{ account.unique_id }}" }
    then: { create_entry: { title: "{{ client_id }}", data: "{{ answers }}" } }
"#;

fn options() -> Options {
    let methods_of = |name: &str| match name {
        "some" => Some(["callback", "loopback", "device"].map(str::to_owned).into()),
        "none" => Some(Vec::new()),
        _ => None,
    };
    Options { methods_of: Some(methods_of), ..Options::default() }
}

fn loaded(text: &str) -> Definition {
    match load(&Source::new("demo.yaml", text), &options()) {
        Ok(loaded) if loaded.warnings.is_empty() => loaded.definition,
        Ok(loaded) => panic!("{}", loaded.warnings),
        Err(found) => panic!("{found}"),
    }
}

fn diagnostics(text: &str) -> Diagnostics {
    match load(&Source::new("demo.yaml", text), &options()) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    }
}

fn names(definition: &Definition) -> Vec<String> {
    definition.config.iter().flat_map(|dialog| dialog.steps()).map(|step| step.name.to_string()).collect()
}

#[test]
fn it_becomes_plain_steps_in_its_place() {
    let definition = loaded(SOUND);
    let made = ["account", "account_choose", "account_callback", "account_loopback", "account_device", "account_paste"];
    assert_eq!(names(&definition), [&["user"], &made[..], &["account_linked"]].concat());
    let step = |name: &str| definition.config.as_ref().and_then(|dialog| dialog.step(name)).expect("the step").clone();
    assert_eq!(&**step("account_choose").step_id(), "account", "clients see one step");
    assert_eq!(&**step("account_paste").step_id(), "pasted");
    assert!(matches!(step("account_device").show, Show::Progress(_)));
    for name in &made[1..] {
        let placeholders = step(name).placeholders.as_ref().map(|map| format!("{map:?}")).unwrap_or_default();
        assert!(placeholders.contains("client") && placeholders.contains("problem"), "{name}: {placeholders}");
    }
}

#[test]
fn what_the_file_says_of_a_failure_goes_first_and_the_rest_stays() {
    let definition = loaded(SOUND);
    let paste = definition.config.as_ref().and_then(|dialog| dialog.step("account_paste")).expect("the step");
    let redeem = paste.ops().find_map(|op| match op {
        Op::Call(call) if &*call.action == "link.redeem" => Some(call),
        _ => None,
    });
    let rules = &redeem.expect("it redeems").on_error.by_code["token"];
    let shown_at = |at: usize| match &rules[at].outcome {
        Outcome::Error(error) => (error.errors[0].0.to_string(), error.step.as_ref().map(ToString::to_string)),
        other => panic!("{other:?}"),
    };
    assert_eq!(rules.len(), 2);
    assert_eq!(shown_at(0), ("secret".to_owned(), Some("user".to_owned())));
    assert_eq!(shown_at(1), ("url".to_owned(), None));
}

#[test]
fn a_way_that_is_ruled_out_has_no_step() {
    let definition = loaded(&SOUND.replace("[callback, loopback, device, paste]", "[device, callback]"));
    assert_eq!(names(&definition), ["user", "account", "account_choose", "account_callback", "account_device", "account_linked"]);
    let computed = SOUND.replace("[callback, loopback, device, paste]", "\"{{ ['device'] if secret else ['paste'] }}\"");
    assert_eq!(names(&loaded(&computed)).len(), 8);
}

#[test]
fn a_step_of_the_file_takes_the_place_of_one_that_is_made() {
    let own = "  account_paste: { form: [url], do: [{ link.redeem: { returned: \"{{ url }}\" }, on_error: { any: { error: base } } }], then: account_linked }\n";
    let definition = loaded(&format!("{SOUND}{own}"));
    let paste = definition.config.as_ref().and_then(|dialog| dialog.step("account_paste")).expect("the step");
    assert!(paste.placeholders.is_none() && names(&definition).len() == 8);
}

#[test]
fn a_file_may_have_several_in_any_dialog() {
    let more = SOUND.replace(
        "    then: { create_entry",
        "    then: second\n  second: { link: {}, then: third }\n  third:\n    then: { create_entry",
    );
    let subentry = "subentries:\n  part:\n    user: { link: ~, then: { create_entry: { title: p } } }\noptions:\n  init: { link: { methods: [device] }, then: { create_entry: { data: {} } } }\n";
    let definition = loaded(&format!("{more}{subentry}"));
    assert_eq!(names(&definition).iter().filter(|name| name.ends_with("_device")).count(), 2);
    let steps = |dialog: Option<&configflow_core::definition::Dialog>| dialog.map_or(0, |dialog| dialog.steps().count());
    assert_eq!(steps(definition.options.as_ref()), 4);
    assert_eq!(steps(definition.subentries.get("part")), 7);
}

#[test]
fn a_name_that_no_expression_can_have_is_mended_for_them() {
    loaded(&SOUND.replace("account:\n    link", "2-account:\n    link").replace("then: account }", "then: 2-account }"));
}

#[test]
fn a_field_of_the_file_is_not_taken_for_the_address_that_comes_back() {
    let shown = |text: &str| -> Vec<String> {
        let definition = loaded(text);
        let paste = definition.config.as_ref().and_then(|dialog| dialog.step("account_paste")).expect("the step").clone();
        let Show::Form(form) = &paste.show else { panic!("no form") };
        form.fields().map(|field| field.field.name.to_string()).collect()
    };
    assert_eq!(shown(SOUND), ["url", "link_another_way"]);
    let server = SOUND
        .replace("  secret: {", "  url: { type: string, required: true }\n  secret: {")
        .replace("form: [client_id, secret]", "form: [client_id, secret, url]");
    assert_eq!(shown(&server), ["link_url", "link_another_way"]);
    let own = SOUND.replace("  secret: {", "  url: { type: string, secret: true, transient: true, strip: true }\n  secret: {");
    assert_eq!(shown(&own), ["url", "link_another_way"]);
}

/// What is replaced, by what, and the code.
const MISTAKES: [(&str, &str, &str); 27] = [
    ("account: { provider: some, client_id: \"{{ client_id }}\", client_secret: \"{{ secret }}\" }\n", "", "action.no_account"),
    ("    link:\n      methods", "    form: []\n    §link:\n      methods", "step.two_shows"),
    ("    link:\n      methods", "    menu: [user]\n    §link:\n      methods", "step.two_shows"),
    ("[callback, loopback, device, paste]", "§[]", "structure.expected"),
    ("[callback, loopback, device, paste]", "§device", "structure.expected"),
    ("[callback, loopback, device, paste]", "[device, §device]", "structure.twice"),
    ("[callback, loopback, device, paste]", "[§devise]", "link.method"),
    ("[callback, loopback, device, paste]", "[device, §7]", "structure.expected"),
    ("provider: some", "provider: §none", "link.unavailable"),
    ("/api/demo", "§api/demo", "structure.expected"),
    ("/api/demo", "§\"/api/{{ client_id }}\"", "structure.expected"),
    ("{ paste: pasted }", "{ §pasted: x }", "link.method"),
    ("{ paste: pasted }", "§x", "structure.expected"),
    ("      callback_path", "      §callback_pth", "structure.unknown_key"),
    ("    on_error:\n      token", "    on_error:\n      §tokens", "action.unknown_failure"),
    ("    placeholders: { client: \"{{ client_id }}\" }", "    placeholders: §x", "structure.expected"),
    ("{ client: \"{{ client_id }}\" }", "{ client: §\"{{ secret }}\" }", "secrecy.shown"),
    ("{ client: \"{{ client_id }}\" }", "{ client: \"{{ §clientid }}\" }", "name.unknown"),
    ("{ client: \"{{ client_id }}\" }", "{ §redirect_uri: \"https://x.example\" }", "name.taken"),
    ("step: user }", "step: §usr }", "step.unknown"),
    ("{ secret: wrong_secret }", "{ §secrt: wrong_secret }", "field.unknown"),
    ("    do:\n", "    §check: []\n    do:\n", "step.key_not_here"),
    ("    do:\n", "    §shown_as: x\n    do:\n", "step.key_not_here"),
    ("      - entry.unique: {", "      - §entry.uniqe: {", "action.unknown"),
    ("  secret: { type: string, r", "  §account_failed: { type: string }\n  secret: { type: string, r", "name.taken"),
    (
        "  user: { form: [client_id, secret], then: account }",
        "  user: { form: [client_id, secret], §on_error: {}, then: account }",
        "step.key_not_here",
    ),
    ("domain: demo", "domain: demo\ninclude: { §link: {} }", "include.unknown"),
];

#[test]
fn one_mistake_is_one_diagnostic() {
    let mut faults = String::new();
    for (what, by, code) in MISTAKES {
        assert!(SOUND.contains(what), "{what}");
        let mut marked = SOUND.replacen(what, by, 1);
        if by.is_empty() {
            marked = marked.replacen("    link:\n", "    §link:\n", 1);
        }
        let place = marked.find('§').expect("a place");
        let found = diagnostics(&marked.replacen('§', "", 1));
        let good = found.len() == 1
            && found.iter().all(|one| one.code.as_str() == code && (one.span.start..=one.span.end).contains(&place));
        if !good {
            let line = marked[..place].lines().count();
            faults.push_str(&format!("{by:?}: expected {code} at line {line}, found:\n{found}\n\n"));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn a_link_step_leads_somewhere_and_something_leads_to_it() {
    let without = SOUND.replace("    then: { create_entry: { title: \"{{ client_id }}\", data: \"{{ answers }}\" } }\n", "");
    let codes = |text: &str| -> Vec<String> { diagnostics(text).iter().map(|one| one.code.as_str().to_owned()).collect() };
    assert_eq!(codes(&without), ["structure.missing_key"]);
    let sometimes = SOUND
        .replace("    then: { create_entry", "    then:\n      when: client_id == 'x'\n      create_entry")
        .replace("answers }}\" } }", "answers }}\" }");
    assert_eq!(codes(&sometimes), ["step.dead_end"]);
    let lost = SOUND.replace("then: account }", "then: { abort: enough } }");
    assert_eq!(codes(&lost), ["step.unreachable"]);
}

#[test]
fn a_name_that_clashes_is_found_where_it_stands() {
    for (own, what) in [
        ("  account_linked: { then: user }\n", "its `do` and `then` say what happens there"),
        ("  account_device: { form: [client_id], then: user }\n", "shows a progress"),
        ("  account_paste: { link: {}, then: user }\n", "shows a form or an external page"),
        ("  account_choose: { form: [], then: user }\n", "shows a menu"),
    ] {
        let found = diagnostics(&format!("{SOUND}{own}"));
        let clash: Vec<_> = found.iter().filter(|one| one.code.as_str() == "link.step_clash").collect();
        assert!(clash.len() == 1 && clash[0].message.contains(what), "{own}: {found}");
    }
}

#[test]
fn as_many_as_a_file_can_hold_are_one_mistake_and_soon_found() {
    let many: String = (0..2_000).map(|at| format!("  a{at}: {{ link: {{}}, then: a{} }}\n", at + 1)).collect();
    let text = format!("domain: many\naccount: {{ provider: some }}\nconfig:\n  user: {{ then: a0 }}\n{many}");
    let began = std::time::Instant::now();
    let found = diagnostics(&text);
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(found.iter().any(|one| one.code.as_str() == "definition.too_large"), "{found}");
}
