//! Providers' files: the linter finds each mistake at its place, the schema agrees with it, and the page is the one that the
//! files make.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use configflow_oauth::Catalogue;
use configflow_testkit::{providers, schema};
use configflow_yaml::{Severity, Source, parse};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file that is as it should be.
const GOOD: &str = "\
name: small
title: Small
integrations: [small_lamp]
verified: false
source: [read from nowhere]
register: { note: Nothing. }
parameters:
  - name: region
    title: Region
    default: eu
    choices:
      - { value: eu, sets: { host: https://eu.small.example } }
      - { value: us, sets: { host: https://us.small.example } }
endpoints:
  authorization: \"{host}/authorize\"
  token: \"{host}/token\"
  revocation: https://small.example/revoke
methods: [callback, loopback]
loopback: { hosts: [127.0.0.1], port: any }
client: { secret: optional }
pkce: { support: confirmed }
authorize:
  extra:
    - { name: prompt, value: consent }
token:
  auth: post
  types: [bearer]
  public_fields: [user_id]
  extra:
    - { name: audience, value: \"{host}\" }
scopes:
  order: given
  separator: \",\"
  usual: { small_lamp: [read] }
identity: { from: answer, key: [user_id] }
api: \"{host}/api\"
";

fn lint(text: &str) -> Vec<String> {
    let found = providers::check(&Source::new("small.yaml", text), &Catalogue::builtin());
    found.iter().map(|one| format!("{} {}:{} {}", one.code, one.span.line, one.span.column, one.message)).collect()
}

/// The code, line and column of what is wrong once something is put in the place of another.
fn wrong(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let found = lint(&GOOD.replacen(from, to, 1));
    let places = found.iter().map(|one| one.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" "));
    places.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_good_file_has_nothing_to_report() {
    assert_eq!(lint(GOOD), [""; 0]);
}

/// What is put in the place of what, and what is then found where.
const MISTAKES: [(&str, &str, &str); 40] = [
    ("title: Small", "titel: Small", "catalogue.missing_key 1:1, catalogue.unknown_key 2:1"),
    ("auth: post", "auth: digest", "catalogue.expected 26:9"),
    ("verified: false", "verified: nearly", "catalogue.expected 4:11"),
    ("types: [bearer]", "types: bearer", "catalogue.expected 27:10"),
    ("types: [bearer]", "lifetime: -5", "catalogue.expected 27:13"),
    ("register: { note: Nothing. }", "register: Nothing.", "catalogue.expected 6:11"),
    ("name: small", "name: Small", "catalogue.name 1:7"),
    ("title: Small", "title: ' '", "catalogue.title 2:8"),
    (
        "integrations: [small_lamp]",
        "integrations: [small_lamp, Small, small_lamp]",
        "catalogue.integration 3:28, catalogue.integration 3:35",
    ),
    ("usual: { small_lamp", "usual: { other_lamp", "catalogue.integration 34:12"),
    ("source: [read from nowhere]", "source: []", "catalogue.source 1:7"),
    ("register: { note: Nothing. }", "notes: []", "catalogue.register 1:7"),
    ("    default: eu", "    default: asia", "catalogue.parameter_choices 10:14"),
    ("sets: { host: https://us.small.example }", "sets: { hots: https://us.small.example }", "catalogue.parameter_choices 13:11"),
    ("    title: Region", "    title: Region\n    format: segment", "catalogue.parameter_form 8:5"),
    ("endpoints:", "  - { name: region, title: Twice, format: segment }\nendpoints:", "catalogue.parameter_twice 14:13"),
    ("\"{host}/token\"", "\"{hots}/token\"", "catalogue.template 16:10"),
    ("\"{host}/token\"", "\"{host/token\"", "catalogue.template 16:10"),
    ("\"{host}/token\"", "http://small.example/token", "catalogue.endpoint 16:10"),
    (
        "https://us.small.example",
        "http://us.small.example",
        "catalogue.endpoint 15:18, catalogue.endpoint 16:10, catalogue.endpoint 36:6",
    ),
    ("  revocation: https://small.example/revoke\n", "revocation: { way: bearer }\n", "catalogue.revocation 17:20"),
    ("methods: [callback, loopback]", "methods: [callback, loopback, device]", "catalogue.method_endpoint 18:31"),
    ("methods: [callback, loopback]", "methods: [callback, loopback, callback]", "catalogue.method_twice 18:31"),
    ("methods: [callback, loopback]", "methods: []", "catalogue.loopback 19:1, catalogue.methods 18:1"),
    ("methods: [callback, loopback]", "methods: [callback]", "catalogue.loopback 19:1"),
    ("hosts: [127.0.0.1]", "hosts: []", "catalogue.loopback 19:13"),
    ("client: {", "unlinkable: because\nclient: {", "catalogue.unlinkable 20:13"),
    ("support: confirmed", "support: unconfirmed", "catalogue.pkce_reason 21:1"),
    ("name: prompt", "name: state", "catalogue.authorize_parameter 24:15"),
    ("authorize:\n", "authorize:\n  pushed: true\n", "catalogue.pushed 23:11"),
    ("name: audience", "name: client_secret", "catalogue.token_parameter 30:15"),
    ("types: [bearer]", "types: []", "catalogue.token_types 27:3"),
    ("public_fields: [user_id]", "public_fields: [user_id, refresh_token]", "catalogue.public_field 28:28"),
    ("separator: \",\"", "separator: \"\"", "catalogue.separator 33:14"),
    ("separator: \",\"", "all_offered: true", "catalogue.scopes_offered 33:16"),
    ("key: [user_id] }", "key: [] }", "catalogue.identity_key 35:27"),
    ("from: answer", "from: profile", "catalogue.account_field 35:19"),
    ("from: answer", "from: id_token", "catalogue.identity_issuer 35:1, catalogue.identity_openid 35:1"),
    ("api: ", "errors: nobody\napi: ", "catalogue.error_table 36:9"),
    (
        "api: ",
        "native: { redirect_uri: https://small.example/n, dead_ends: [gone] }\nissuer: { value: 'https://small.example/{tid}' }\ndiscover: https://small.example\napi: ",
        "catalogue.dead_end 36:62, catalogue.claim 37:18, catalogue.endpoints 37:1",
    ),
];

#[test]
fn each_mistake_is_found_at_its_place() {
    let sorted = |found: &str| {
        let mut found: Vec<_> = found.split(", ").map(str::to_owned).collect();
        found.sort();
        found.join(", ")
    };
    let differing = MISTAKES.iter().filter_map(|(from, to, expected)| {
        let (found, expected) = (sorted(&wrong(from, to)), sorted(expected));
        (found != expected).then(|| format!("{from:?} -> {to:?}\n  expected {expected}\n  found    {found}"))
    });
    let differing: Vec<_> = differing.collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_code_is_found_by_a_mistake_and_explained_on_the_page() {
    let known: BTreeSet<&str> = Catalogue::problem_codes().iter().chain(&providers::SHAPE_CODES).map(|(code, _)| *code).collect();
    let shown: BTreeSet<&str> =
        MISTAKES.iter().flat_map(|(_, _, found)| found.split(", ")).filter_map(|one| one.split(' ').next()).collect();
    assert_eq!(shown.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "a code without a word about it");
    let mut unseen: Vec<_> = known.difference(&shown).copied().collect();
    // Only what neither the tree nor the schema refuses, and the reader does.
    unseen.retain(|code| *code != "catalogue.shape");
    assert_eq!(unseen, [""; 0]);
    let page = std::fs::read_to_string(root().join("docs/adding-a-provider.md")).expect("the page is there");
    for code in &known {
        assert!(page.contains(&format!("| `{code}` |")), "docs/adding-a-provider.md does not explain {code}");
    }
}

#[test]
fn all_mistakes_are_found_at_once_and_what_was_meant_is_guessed() {
    let text = GOOD.replacen("title: Small", "titel: Small", 1).replacen("auth: post", "auth: pots", 1);
    let found = providers::check(&Source::new("small.yaml", &text), &Catalogue::builtin());
    let hints: Vec<_> = found.iter().filter_map(|one| one.hint.as_deref()).collect();
    assert_eq!(hints, ["did you mean `title`?", "did you mean `post`?"]);
    assert_eq!(lint("[]").len(), 1);
    assert_eq!(lint("a: [").len(), 1);
    assert!(!lint("").is_empty());
}

#[test]
fn the_built_in_providers_have_nothing_to_report() {
    for (name, text) in Catalogue::builtin_files() {
        let source = Source::new(name, text);
        let found = providers::check(&source, &Catalogue::builtin());
        assert!(found.is_empty(), "{name}: {found}");
    }
}

fn faults(schema: &Value, text: &str) -> usize {
    let tree = parse(&Source::new("x.yaml", text)).expect("YAML").to_json();
    jsonschema::validator_for(schema).expect("a schema").iter_errors(&tree).count()
}

/// The linter has its own reading of the schema, so both must refuse the same.
#[test]
fn the_schema_refuses_what_the_linter_refuses() {
    let schema = schema::provider();
    let shape: Vec<&str> = providers::SHAPE_CODES.iter().map(|(code, _)| *code).collect();
    for (_, text) in Catalogue::builtin_files() {
        assert_eq!(faults(&schema, text), 0, "{text}");
    }
    for (from, to, expected) in MISTAKES {
        let text = GOOD.replacen(from, to, 1);
        let is_shape = expected.split(", ").any(|one| one.split(' ').next().is_some_and(|code| shape.contains(&code)));
        assert_eq!(faults(&schema, &text) > 0, is_shape, "{from} -> {to}");
    }
    // Each line taken out of a good file, and each value made a list of lists.
    for (index, line) in GOOD.lines().enumerate() {
        let without: String =
            GOOD.lines().enumerate().filter(|(at, _)| *at != index).map(|(_, line)| format!("{line}\n")).collect();
        let broken = line.split_once(": ").map(|(key, _)| GOOD.replacen(line, &format!("{key}: [[[]]]"), 1));
        for text in [Some(without), broken].into_iter().flatten() {
            let Ok(tree) = parse(&Source::new("x.yaml", &text)) else { continue };
            let by_schema = jsonschema::validator_for(&schema).expect("a schema").is_valid(&tree.to_json());
            let found = providers::check(&Source::new("x.yaml", &text), &Catalogue::builtin());
            let by_linter = !found.iter().any(|one| shape.contains(&one.code.as_str()) && one.severity == Severity::Error);
            assert_eq!(by_schema, by_linter, "{text}");
        }
    }
}

#[test]
fn the_page_is_the_one_that_the_files_make() {
    let committed = std::fs::read_to_string(root().join("docs/providers.md")).expect("the page is committed");
    let made = Catalogue::builtin().page();
    assert!(committed.trim_end() == made.trim_end(), "make it again: configflow providers page > docs/providers.md");
}
