use std::sync::Arc;

use configflow_engine::{DefinitionSource, Engine, Start};
use tempfile::TempDir;

use super::Folder;

fn written(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, domain) in files {
        write(&folder, name, &good(domain));
    }
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).expect("written");
}

fn good(domain: &str) -> String {
    format!("domain: {domain}\nconfig:\n  user: {{ form: [], then: {{ create_entry: {{ title: T, data: {{}} }} }} }}\n")
}

fn opened(folder: &TempDir) -> (Arc<Folder>, Engine) {
    let source = Arc::new(Folder::open(folder.path()).expect("the folder opens"));
    let engine = Engine::builder().source(Arc::clone(&source) as Arc<dyn DefinitionSource>).build().expect("an engine");
    (source, engine)
}

async fn domains(engine: &Engine) -> Vec<String> {
    engine.outlines().await.iter().map(|outline| outline.domain.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_is_compiled_once_when_it_is_first_needed() {
    let folder = written(&[("a.yaml", "lamp"), ("b.yml", "sun"), ("c.txt", "moon")]);
    let (source, engine) = opened(&folder);
    assert!(source.compiled("lamp").is_none() && source.outline("lamp").is_none());
    let asking: Vec<_> = (0..16)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move { engine.definition("lamp").await.expect("it compiles") })
        })
        .collect();
    let first = engine.definition("lamp").await.expect("it compiles");
    for one in asking {
        assert!(Arc::ptr_eq(one.await.expect("no panic").outline(), first.outline()), "compiled once");
    }
    assert!(source.compiled("lamp").is_some() && source.compiled("sun").is_none());
    assert!(engine.definition("moon").await.is_none(), "no definition is in such a file");
    engine.caller("me").start(Start::user("sun")).await.expect("a flow starts");
}

#[tokio::test]
async fn lists_wait_for_the_check_which_keeps_outlines_only() {
    let folder = written(&[("a.yaml", "lamp"), ("b.yaml", "sun")]);
    write(&folder, "c.yaml", "domain: broken\nconfig: { user: { form: [nothing] } }\n");
    let (source, engine) = opened(&folder);
    assert!(engine.definition("broken").await.is_none(), "it was asked for before it was checked");
    let listing = tokio::spawn({
        let engine = engine.clone();
        async move { domains(&engine).await }
    });
    let used = engine.definition("sun").await.expect("it compiles");
    source.check(&engine);
    assert_eq!(listing.await.expect("no panic"), ["lamp", "sun"]);
    assert!(source.compiled("lamp").is_none() && source.outline("lamp").is_some());
    let kept = source.compiled("sun").expect("somebody uses it");
    assert!(Arc::ptr_eq(kept.outline(), used.outline()));

    source.rest();
    source.rest();
    assert!(source.compiled("sun").is_none(), "nobody asked for it for a while");
    assert_eq!(engine.definition("sun").await.expect("compiled again").fingerprint(), used.fingerprint());
}

#[tokio::test]
async fn what_was_good_stays_while_its_file_is_broken_and_goes_with_its_file() {
    let folder = written(&[("a.yaml", "lamp"), ("b.yaml", "sun"), ("c.yaml", "moon")]);
    let (source, engine) = opened(&folder);
    source.check(&engine);
    let before = engine.definition("lamp").await.expect("it compiles");
    write(&folder, "a.yaml", "domain: [");
    write(&folder, "b.yaml", &good("star"));
    std::fs::remove_file(folder.path().join("c.yaml")).expect("removed");
    write(&folder, "d.yaml", &good("star"));
    source.read_again(&engine).expect("it is read");
    assert_eq!(domains(&engine).await, ["lamp", "star"]);
    source.rest();
    source.rest();
    let after = engine.definition("lamp").await.expect("from the text that was good");
    assert_eq!(after.fingerprint(), before.fingerprint());
    assert!(engine.definition("moon").await.is_none() && engine.definition("sun").await.is_none());

    // The second file of a domain takes over when the first one goes.
    std::fs::remove_file(folder.path().join("b.yaml")).expect("removed");
    write(&folder, "a.yaml", &good("lamp").replace("title: T", "title: L"));
    source.read_again(&engine).expect("it is read");
    assert_eq!(domains(&engine).await, ["lamp", "star"]);
    assert_ne!(engine.definition("lamp").await.expect("the new text").fingerprint(), before.fingerprint());
}

#[tokio::test]
async fn a_domain_is_found_however_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "a.yaml", &good("\"lamp\""));
    write(&folder, "b.yaml", "{version: 2, domain: sun, config: {user: {form: [], then: {create_entry: {title: T, data: {}}}}}}");
    write(&folder, "c.yaml", &format!("\u{feff}# The moon\n{}", good("moon   # ours")));
    let (_, engine) = opened(&folder);
    for domain in ["sun", "lamp", "moon"] {
        assert_eq!(engine.definition(domain).await.expect("it is found").domain, domain);
    }
}
