//! Hostile documents end in a diagnostic, quickly and in bounded memory; no text makes the loader panic.

use std::path::Path;
use std::time::{Duration, Instant};

use configflow_yaml::{Diagnostics, Options, Source, load};
use proptest::prelude::*;

/// Far above what any of them takes; a hang fails.
const LIMIT: Duration = Duration::from_secs(5);

fn diagnostics(source: &Source) -> Diagnostics {
    let begun = Instant::now();
    let found = match load(source, &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    };
    assert!(begun.elapsed() < LIMIT, "{} took {:?}", source.name(), begun.elapsed());
    found
}

fn first(text: &str) -> (String, usize, usize) {
    let found = diagnostics(&Source::new("hostile.yaml", text));
    let first = found.iter().next().expect("something is wrong with it");
    (first.code.as_str().to_owned(), first.span.line, first.span.column)
}

#[test]
fn sec_21_what_is_too_large_is_refused_before_it_is_read() {
    assert_eq!(first(&format!("domain: {}", "a".repeat(10 << 20))).0, "yaml.too_large");
    assert_eq!(first(&"a: 1\n".repeat(300_000)).0, "yaml.too_large");
}

#[test]
fn sec_21_what_is_nested_too_deep_is_refused() {
    for depth in [100, 10_000] {
        let (code, line, _) = first(&format!("domain: x\nlet: {}{}", "[".repeat(depth), "]".repeat(depth)));
        assert_eq!((code.as_str(), line), ("yaml.too_deep", 2));
    }
    let block: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(first(&block).0, "yaml.too_deep");
    assert_eq!(first(&format!("{}x", "- ".repeat(10_000))).0, "yaml.too_deep");
}

#[test]
fn sec_21_aliases_do_not_explode() {
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (this, before) in "bcdefghijk".chars().zip("abcdefghij".chars()) {
        bomb.push_str(&format!("{this}: &{this} [{}]\n", vec![format!("*{before}"); 10].join(",")));
    }
    assert_eq!(first(&bomb).0, "yaml.too_many_nodes");
    let cyclic = first("a: &a [*a]\n");
    assert!(cyclic.0.starts_with("yaml."), "{cyclic:?}");
    let anchors: String = (0..100_000).map(|at| format!("&a{at} ")).take(20_000).map(|anchor| format!("- {anchor}x\n")).collect();
    assert!(first(&anchors).0.starts_with("yaml."));
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let mut bytes = b"domain: x\nname: ".to_vec();
    bytes.extend([0xff, 0xfe]);
    let found = diagnostics(&Source::from_bytes("latin.yaml", bytes));
    let first = found.iter().next().expect("it is not UTF-8");
    assert_eq!((first.code.as_str(), first.span.line, first.span.column), ("yaml.not_utf8", 2, 7));
    let utf16: Vec<u8> = "domain: x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(!diagnostics(&Source::from_bytes("utf16.yaml", [vec![0xff, 0xfe], utf16].concat())).is_empty());
    assert!(!diagnostics(&Source::from_bytes("nul.yaml", b"domain: x\0y\n".to_vec())).is_empty());
}

#[test]
fn odd_white_space_is_a_clear_mistake_or_none() {
    let found = diagnostics(&Source::new("tab.yaml", "domain: x\nconfig:\n\tuser: {}\n"));
    let tab = found.iter().next().expect("tabs do not indent");
    assert_eq!((tab.code.as_str(), tab.span.line), ("yaml.syntax", 3));
    assert_eq!(tab.hint.as_deref(), Some("indent with spaces; YAML does not take tabs"));
    for text in ["", "\n\n", "# only a comment\n", "\u{feff}"] {
        assert_eq!(first(text).0, "yaml.empty", "{text:?}");
    }
    assert!(!diagnostics(&Source::new("cr.yaml", "domain: x\rconfig: y\r")).is_empty());
}

#[test]
fn a_definition_of_many_parts_is_checked_quickly() {
    let mut text = "domain: many\nlet:\n".to_owned();
    text.extend((0..500).map(|at| format!("  n{at}: \"{{{{ n{} }}}}\"\n", at / 2 + 500)));
    text.extend((500..750).map(|at| format!("  n{at}: {at}\n")));
    text.push_str("fields:\n  host: { type: string }\nconfig:\n  user: { form: [host], then: s0 }\n");
    text.extend(
        (0..500).map(|at| format!("  s{at}: {{ form: [], placeholders: {{ n: \"{{{{ n{at} }}}}\" }}, then: s{} }}\n", at + 1)),
    );
    text.push_str("  s500: { then: { abort: \"{{ n0 }}\" } }\n");
    let found = diagnostics(&Source::new("many.yaml", &text));
    assert!(found.is_empty(), "{found}");
}

#[test]
fn sec_21_blocks_formulas_and_steps_do_not_multiply() {
    let file = |parts: &str, check: &str| {
        format!(
            "domain: x\nfields:\n  host: {{ type: string }}\n{parts}config:\n  user: {{ form: [host], check: [use: b0], {check} }}\n"
        )
    };
    let chain = |uses: &str, last: usize| -> String {
        let blocks = (0..last).map(|at| format!("  b{at}: [{}]\n", uses.replace('N', &format!("b{}", at + 1))));
        let rule = format!("  b{last}: [{{ when: host == 'x', error: {{ host: bad }} }}]\n");
        "blocks:\n".chars().map(String::from).chain(blocks).chain([rule]).collect()
    };
    let ends = "then: { abort: done }";
    let is = |text: &str, code: &str| {
        let found = diagnostics(&Source::new("multiply.yaml", text));
        let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes, [code], "{found}");
    };
    is(&file(&chain("use: N", 3_000), ends), "definition.too_large");
    is(&file(&chain("use: N, use: N", 30), ends), "definition.too_large");
    let rules = vec!["{ when: host == 'x', error: { host: bad } }"; 600].join(", ");
    let uses = vec!["use: b1"; 600].join(", ");
    is(&file(&format!("blocks:\n  b0: [{uses}]\n  b1: [{rules}]\n"), ends), "definition.too_large");

    let doubling: String = (0..60).map(|at| format!("  l{at}: \"{{{{ l{0} ~ l{0} }}}}\"\n", at + 1)).collect();
    is(&file(&format!("let:\n{doubling}  l60: 1\n{}", chain("use: N", 1)), "then: { abort: \"{{ l0 }}\" }"), "let.too_large");
    let deep: String = (0..5_000).map(|at| format!("  l{at}: \"{{{{ l{} }}}}\"\n", at + 1)).collect();
    is(&file(&format!("let:\n{deep}  l5000: 1\n{}", chain("use: N", 1)), "then: { abort: \"{{ l0 }}\" }"), "let.too_large");

    let steps: String = (0..4_000).map(|at| format!("  s{at}: {{ then: s{} }}\n", at + 1)).collect();
    let found = diagnostics(&Source::new("steps.yaml", &format!("domain: x\nconfig:\n  user: {{ then: s0 }}\n{steps}")));
    assert!(found.iter().any(|one| one.code.as_str() == "definition.too_large"), "{found}");
    let long = format!(
        "domain: x\nfields:\n  a: {{ type: string }}\nconfig:\n  user: {{ form: [a], then: {{ abort: \"{}\" }} }}\n",
        "{{ a }}".repeat(60_000)
    );
    is(&long, "definition.too_large");
}

#[test]
fn the_pitfalls_of_yaml_say_to_quote_the_expression() {
    let file = |step: &str| format!("domain: x\nfields:\n  host: {{ type: string }}\nconfig:\n  user:\n    form: [host]\n{step}");
    for (step, code) in [
        ("    check: [{ when: host in ['a', 'b'], error: { host: bad } }]\n    then: { abort: x }\n", "yaml.expression_syntax"),
        ("    check: [{ when: max(host, host), error: { host: bad } }]\n    then: { abort: x }\n", "yaml.unquoted_expression"),
        ("    then: { abort: {{ host }} }\n", "yaml.unquoted_expression"),
        ("    then:\n      abort: {{ host }}\n", "yaml.unquoted_expression"),
        ("    placeholders: { a: {{ host }} }\n    then: { abort: x }\n", "yaml.unquoted_expression"),
    ] {
        let found = diagnostics(&Source::new("pitfall.yaml", &file(step)));
        let pitfall = found.iter().find(|diagnostic| diagnostic.code.as_str() == code);
        let pitfall = pitfall.unwrap_or_else(|| panic!("{step}\n{found}"));
        assert!(pitfall.hint.as_deref().is_some_and(|hint| hint.starts_with("quote the expression")), "{pitfall:?}");
    }
}

#[test]
fn eight_mistakes_are_eight_diagnostics() {
    let text = "domain: eight
fields:
  host: { type: string, required: true }
  host: { type: string }
  port: { type: integer, default: many }
config:
  user:
    form: [host, prot]
    chek: []
    then: secnd
  second:
    form: [host]
    check: [{ when: host ==, error: { host: bad } }]
    then: [{ when: host == 'x', abort: no }]
  lost:
    form: [port]
    then: { abort: done }
";
    let found = diagnostics(&Source::new("eight.yaml", text));
    let places: Vec<(&str, usize, usize)> = found.iter().map(|one| (one.code.as_str(), one.span.line, one.span.column)).collect();
    assert_eq!(
        places,
        [
            ("yaml.duplicate_key", 4, 3),
            ("field.default_type", 5, 35),
            ("field.unknown", 8, 18),
            ("structure.unknown_key", 9, 5),
            ("step.unknown", 10, 11),
            ("step.dead_end", 11, 3),
            ("expression.syntax", 13, 21),
            ("step.unreachable", 15, 3),
        ],
        "{found}"
    );
}

#[test]
fn eight_other_mistakes_are_eight_diagnostics() {
    let text = "domain: eight
fields:
  host: { type: string, required: true }
  key: { type: string, required: true, secret: true }
  mode: { selector: { selekt: { options: [a, b] } } }
config:
  user:
    form: [host, key, mode]
    do:
      - http.request: { ulr: \"https://{{ host }}\", extract: { id: $.id } }
        as: lamp
        on_error: { timeout: { error: base } }
      - when: later.id == 1
        error: { host: bad }
        abort: bad
      - http.request: { url: \"https://{{ host }}\" }
        as: later
        on_error: { any: { error: base } }
    placeholders: { key: \"{{ key }}\", name: \"{{ lamp.nmae }}\" }
    then: { create_entry: { title: {{ host }} } }
";
    let found = diagnostics(&Source::new("eight.yaml", text));
    let codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
    for code in [
        "field.unknown_selector",
        "action.unknown_parameter",
        "action.unhandled",
        "name.unbound",
        "outcome.two",
        "secrecy.shown",
        "yaml.unquoted_expression",
    ] {
        assert_eq!(codes.iter().filter(|found| **found == code).count(), 1, "{code}\n{found}");
    }
}

fn shipped() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("a file").path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .map(|path| std::fs::read_to_string(path).expect("text"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_loader_panic(text in "\\PC{0,200}") {
        diagnostics(&Source::new("any.yaml", &text));
    }

    #[test]
    fn no_change_of_a_definition_makes_the_loader_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), length in 0..40_usize, by in "[\\[\\]{}:,'\"|&*a-z0-9 \n-]{0,12}") {
        let all = shipped();
        let text = &all[which.index(all.len())];
        let start = at.index(text.len());
        let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + length).min(text.len());
        let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        diagnostics(&Source::new("changed.yaml", &format!("{}{by}{}", &text[..start], &text[end..])));
    }
}
