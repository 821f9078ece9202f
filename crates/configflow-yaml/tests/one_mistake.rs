//! One mistake in a sound definition is one diagnostic, where the mistake is.
//!
//! A new case is a new line: what is replaced, by what, and the code. `§` stands before the place of the diagnostic.

use configflow_yaml::{Diagnostics, Options, Source, load};

const SOUND: &str = r#"domain: demo
version: 1
minor_version: 1
fields:
  host: { type: string, required: true }
  key: { type: string, required: true, secret: true }
  mode: { type: select, options: [a, b], default: a }
  num: { type: integer, min: 1, max: 9, default: 3 }
  sec:
    section: { collapsed: true }
    fields:
      deep: { type: boolean, default: false }
      pin: { type: string, secret: true }
let:
  home: "https://{{ host }}"
blocks:
  rules:
    - { when: num > 5, error: { num: too_big } }
actions:
  x.hello: { takes: { host: string, n: integer? }, gives: { id: string, token: secret }, fails: { bad: [reason], worse: [] } }
config:
  user:
    form: [host, key, mode, num, sec]
    check: [use: rules]
    do:
      - x.hello: { host: "{{ home }}" }
        as: hi
        on_error: { bad: { error: { host: bad } }, any: { error: base } }
      - entry.unique: { id: "{{ hi.id }}" }
    then: choose
  choose:
    menu: [save, more]
    placeholders: { host: "{{ host }}" }
  more:
    form: []
    then: save
  save:
    then: { create_entry: { title: "{{ host }}", data: { host: "{{ host }}", session: "{{ hi.token }}" } } }
options:
  init:
    form: [num]
    then: { create_entry: { data: "{{ answers }}" } }
subentries:
  part:
    user:
      form: [mode]
      then: { create_entry: { title: "{{ mode }}", data: "{{ answers }}" } }
"#;

fn diagnostics(text: &str) -> Diagnostics {
    match load(&Source::new("demo.yaml", text), &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    }
}

/// Each case: what is replaced, by what, the code.
fn check(cases: &[(&str, &str, &str)]) {
    let mut faults = String::new();
    for (old, new, code) in cases {
        assert_eq!(SOUND.matches(old).count(), 1, "`{old}` is there once");
        let marked = SOUND.replace(old, new);
        let before = marked.find('§').map(|at| &marked[..at]).expect("a place is marked");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let found = diagnostics(&marked.replace('§', ""));
        let all: Vec<_> = found.iter().map(|one| (one.code.as_str(), one.span.line, one.span.column)).collect();
        if all != [(*code, line, column)] {
            faults.push_str(&format!("`{new}`: expected {code} at {line}:{column}\n{found}\n\n"));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn the_definition_itself_is_sound() {
    let found = diagnostics(SOUND);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn a_secret_is_shown_nowhere() {
    let title = r#"title: "{{ host }}", data"#;
    check(&[
        (title, r#"title: §"{{ hi.token }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ hi['token'] }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ hi.token | sha1 }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ answers['key'] }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ answers_of('user').key }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ sec.pin }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ sec }}", data"#, "secrecy.shown"),
        (title, r#"title: §"{{ answers.sec.pin }}", data"#, "secrecy.shown"),
        (title, r#"title: "{{ host }}", description: §"{{ hi.token }}", data"#, "secrecy.shown"),
        (r#"placeholders: { host: "{{ host }}" }"#, r#"placeholders: §"{{ hi }}""#, "secrecy.shown"),
        (r#"{ id: "{{ hi.id }}" }"#, r#"{ id: §"{{ hi.token }}" }"#, "secrecy.shown"),
        (r#"{ id: "{{ hi.id }}" }"#, r#"{ match: { host: §"{{ hi.token }}" } }"#, "secrecy.shown"),
        (
            r#"  more:
    form: []
"#,
            r#"  more:
    external: §"https://a.example/{{ hi.token }}"
"#,
            "secrecy.shown",
        ),
        (
            r#"    form: []
    then: save"#,
            r#"    form: []
    then: { abort: §"{{ hi.token }}" }"#,
            "secrecy.shown",
        ),
        (
            r#"    form: [num]
"#,
            r#"    form: [num]
    placeholders: { session: §"{{ entry.data.session }}" }
"#,
            "secrecy.shown",
        ),
    ]);
}

#[test]
fn what_is_beside_a_secret_may_be_shown() {
    for title in ["hi.id", "hi['id']", "sec.deep", "answers['host']", "answers_of('user').host", "answers.sec.deep"] {
        let found = diagnostics(&SOUND.replace(r#"title: "{{ host }}", data"#, &format!(r#"title: "{{{{ {title} }}}}", data"#)));
        assert!(found.is_empty(), "{title}: {found}");
    }
}

#[test]
fn what_follows_from_a_mistake_is_not_reported() {
    check(&[
        ("    then: choose", "    §thne: choose", "structure.unknown_key"),
        ("    then: choose", "    §goto: choose", "structure.unknown_key"),
        ("menu: [save, more]", "§menuu: [save, more]", "structure.unknown_key"),
        ("menu: [save, more]", "menu: §[]", "structure.expected"),
        ("menu: [save, more]", "menu: §save", "structure.expected"),
        ("menu: [save, more]", "form: []\n    §menu: [save, more]", "step.two_shows"),
        ("menu: [save, more]", "menu: [save, { §stp: more }]", "structure.unknown_key"),
        ("form: [host, key, mode, num, sec]", "§from: [host, key, mode, num, sec]", "structure.unknown_key"),
        ("form: [host, key, mode, num, sec]", "form: §host", "structure.expected"),
        ("fields:\n  host", "§feilds:\n  host", "structure.unknown_key"),
        ("blocks:", "§block:", "structure.unknown_key"),
        ("let:", "§lett:", "structure.unknown_key"),
        ("actions:", "§action:", "structure.unknown_key"),
        ("config:", "§confg:", "structure.unknown_key"),
        ("    do:\n", "    §doo:\n", "structure.unknown_key"),
        ("as: hi", "§ass: hi", "structure.unknown_key"),
        ("as: hi", "as: §entry", "name.reserved"),
        ("as: hi", "as: §host", "name.taken"),
        ("on_error: { bad", "§on_eror: { bad", "structure.unknown_key"),
        ("any: { error: base }", "§ayn: { error: base }", "action.unknown_failure"),
        (
            "then: { create_entry: { title: \"{{ host }}\"",
            "then: { §creat_entry: { title: \"{{ host }}\"",
            "structure.unknown_key",
        ),
        ("[use: rules]", "[§ues: rules]", "structure.unknown_key"),
        ("[use: rules]", "[use: §ruls]", "block.unknown"),
        ("- x.hello: {", "- §x.helo: {", "action.unknown"),
        ("- x.hello: {", "- §y.greet: {", "action.unknown"),
        ("  x.hello: { takes", "  §hello: { takes", "action.name"),
        ("    then: choose", "    then: §5", "structure.expected"),
        ("    then: choose", "    then: { step: choose, §abort: no }", "outcome.two"),
    ]);
    let found = diagnostics(&SOUND.replace("    then: choose", "    then:"));
    assert_eq!(found.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["structure.expected"], "{found}");
}

#[test]
fn a_wrong_include_is_one_diagnostic_at_the_include() {
    for (include, account, code, column) in [
        ("{ oauth2: { then: linked } }", false, "action.no_account", 12),
        ("{ oauth2: {} }", true, "include.parameter", 12),
        ("{ oauth2: { thne: linked } }", true, "include.parameter", 22),
        ("{ oauth3: { then: linked } }", true, "include.unknown", 12),
        ("[oauth2]", true, "structure.expected", 10),
        ("{ oauth2: { then: 5 } }", true, "structure.expected", 28),
    ] {
        let account = if account { "account: { provider: iotty, credentials: application_credentials }\n" } else { "" };
        let text = format!(
            "domain: demo\ninclude: {include}\n{account}config:\n  user: {{ then: pick_implementation }}\n  linked: {{ then: {{ create_entry: {{ title: \"{{{{ implementation.name }}}}\", data: \"{{{{ oauth2_data }}}}\" }} }} }}\n"
        );
        let found = diagnostics(&text);
        let all: Vec<_> = found.iter().map(|one| (one.code.as_str(), one.span.line, one.span.column)).collect();
        assert_eq!(all, [(code, 2, column)], "{include}: {found}");
    }
}

#[test]
fn of_steps_that_nothing_leads_to_the_first_is_reported() {
    for (steps, at) in
        [("a: { then: b }\n  b: { then: c }\n  c: { then: { abort: y } }", (4, 3)), ("a: { then: b }\n  b: { then: a }", (4, 3))]
    {
        let found = diagnostics(&format!("domain: demo\nconfig:\n  user: {{ then: {{ abort: x }} }}\n  {steps}\n"));
        let all: Vec<_> = found.iter().map(|one| (one.code.as_str(), (one.span.line, one.span.column))).collect();
        assert_eq!(all, [("step.unreachable", at)], "{found}");
    }
}

#[test]
fn a_value_of_a_wrong_kind_is_found() {
    let more = "    form: []\n    then: save";
    let save = r#"data: { host: "{{ host }}", session: "{{ hi.token }}" }"#;
    check(&[
        ("    form: [num]\n", "    form: [{ num: { default: §abc } }]\n", "field.default_type"),
        ("    form: [num]\n", "    form: [{ num: { default: §99 } }]\n", "field.default_type"),
        ("    form: [num]\n", "    form: [num]\n    defaults: { num: §abc }\n", "field.default_type"),
        (more, "    form: []\n    before: [set: { num: §abc }]\n    then: save", "field.default_type"),
        ("min: 1, max: 9", "min: 9, max: §1", "field.range"),
        (
            "{ type: string, required: true }\n  key",
            "{ type: string, required: true, §options: [a] }\n  key",
            "field.key_not_here",
        ),
        ("options: [a, b], default: a", "options: [a, §a], default: a", "structure.twice"),
        ("{ type: string, required: true }\n  key", "{ selector: { text: { §multi: true } } }\n  key", "field.setting"),
        ("{ type: string, required: true }\n  key", "{ selector: { number: { min: §low } } }\n  key", "field.setting"),
        ("placeholders: { host: \"{{ host }}\" }", "placeholders: §[host]", "structure.expected"),
        (save, "data: §hello", "structure.expected"),
        (save, "data: §[hello]", "structure.expected"),
        ("title: \"{{ host }}\", data", "title: §[a], data", "structure.expected"),
        (more, "    form: []\n    then: { abort: §\"\" }", "structure.expected"),
        (more, "    form: []\n    shown_as: §5\n    then: save", "structure.expected"),
        (more, "    form: []\n    last_step: §maybe\n    then: save", "structure.expected"),
        (more, "    form: []\n    each: { in: §5, as: one }\n    then: save", "structure.expected"),
        ("version: 1\nminor", "version: §0\nminor", "structure.expected"),
        ("minor_version: 1", "minor_version: §-1", "structure.expected"),
        (
            "  part:\n    user:\n      form: [mode]\n      then: { create_entry: { title: \"{{ mode }}\", data: \"{{ answers }}\" } }",
            "  §- part",
            "structure.expected",
        ),
    ]);
}

#[test]
fn a_name_that_can_have_no_value_is_found() {
    let title = r#"title: "{{ host }}", data"#;
    check(&[
        (title, r#"title: §"{{ entry.title }}", data"#, "name.not_here"),
        (title, r#"title: §"{{ loop.index }}", data"#, "name.not_here"),
        (title, r#"title: §"{{ link.url }}", data"#, "name.no_account"),
        (title, r#"title: §"{{ answers.hots }}", data"#, "name.unknown"),
        (title, r#"title: §"{{ answers_of('usr').host }}", data"#, "step.unknown"),
        (title, r#"title: §"{{ failure.zzz }}", data"#, "name.unknown"),
        (title, r#"title: §"{{ deep }}", data"#, "name.unknown"),
        (title, r#"title: §"{{ sec.deeep }}", data"#, "name.unknown"),
        (title, r#"title: "{{§ host.upper() }}", data"#, "expression.call"),
        (title, r#"title: "{{§ host | replace('a') }}", data"#, "expression.call"),
    ]);
}

#[test]
fn what_never_happens_is_found() {
    let more = "    form: []\n    then: save";
    check(&[
        (more, "    form: []\n    then: [{ step: save }, §{ abort: no }]", "sequence.after_end"),
        (more, "    §check: [{ when: num > 1, abort: no }]\n    then: save", "step.key_not_here"),
        (more, "    form: []\n    §all: true\n    then: save", "step.key_not_here"),
        (more, "    §progress: waits\n    then: save", "structure.missing_key"),
        ("menu: [save, more]", "menu: [save, more]\n    §then: save", "step.key_not_here"),
        ("menu: [save, more]", "menu: [save, more, §save]", "structure.twice"),
        (more, "    form: []\n    then: { §update_entry: { title: x } }", "outcome.no_entry"),
        ("error: { num: too_big } }", "error: { num: too_big }, step: §choose }", "outcome.error_step"),
        ("{ id: \"{{ hi.id }}\" }", "§{}", "action.missing_parameter"),
        ("{ id: \"{{ hi.id }}\" }", "{ id: \"{{ hi.id }}\", configured: { §abrot: x } }", "structure.unknown_key"),
        ("bad: { error: { host: bad } }", "bad: §[]", "structure.expected"),
        ("config:", "on_error: { §ayn: { abort: x } }\nconfig:", "action.unknown_failure"),
    ]);
}
