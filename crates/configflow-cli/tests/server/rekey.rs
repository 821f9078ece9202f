//! `configflow rekey`, killed wherever it is: everything is there, under the old key or under the new one.

use std::process::{Command, Stdio};

use configflow_engine::store::{Commit, Write};
use configflow_engine::{Entry, Store};
use configflow_store::SqliteStore;
use configflow_testkit::contract::entry;
use time::OffsetDateTime;

use crate::kill::give_way;

/// How often it is killed.
const KILLS: u64 = 30;

/// How many entries there are.
const ENTRIES: usize = 300;

fn configflow(data: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configflow"));
    command.env_remove("CONFIGFLOW_KEY").env_remove("CONFIGFLOW_NEW_KEY").args(["rekey", "--data"]).arg(data);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_everything_is_sealed_anew_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stored: Vec<Entry> = Vec::new();
    {
        let store = SqliteStore::open(folder.path()).expect("a store");
        for at in 0..ENTRIES {
            let write = Write::Create(Box::new(entry(&format!("e{at}"), "contract", None)));
            let commit = Commit { flow_id: String::new(), now: OffsetDateTime::UNIX_EPOCH, write, token: None };
            stored.push(store.commit(commit).await.expect("stored").entry);
        }
    }
    let key = || std::fs::read(folder.path().join("configflow.key")).expect("the key");
    let mut changed = 0;
    for kill in 0..KILLS {
        let before = key();
        let mut command = tokio::process::Command::from(configflow(folder.path()));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        give_way(kill * 7_000).await;
        child.kill().await.expect("killed");
        let store = SqliteStore::open(folder.path()).expect("the store opens after a kill");
        assert!(store.entries(None).await.expect("readable") == stored, "kill {kill}");
        changed += usize::from(key() != before);
    }
    // One that nobody kills comes to its end, whatever those before left.
    let before = key();
    let output = configflow(folder.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(key() != before && changed <= usize::try_from(KILLS).expect("few"));
    let store = SqliteStore::open(folder.path()).expect("the store");
    assert!(store.entries(None).await.expect("readable") == stored);
}

#[test]
fn a_key_of_the_environment_is_replaced_by_one_of_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = ("11".repeat(32), "22".repeat(32));
    let run = |more: &[(&str, &str)]| {
        let mut command = configflow(folder.path());
        let output = command.envs(more.iter().copied()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&[]);
    assert!(code == Some(2) && said.starts_with("error[store.missing]"), "{said}");
    let open = |key: &str| SqliteStore::open_with(folder.path(), configflow_store::Key::parse(key, "here").expect("a key"));
    drop(open(&old).expect("a store"));
    let (code, said) = run(&[("CONFIGFLOW_KEY", &old)]);
    assert!(code == Some(2) && said.starts_with("error[rekey.no_new_key]"), "{said}");
    let (code, said) = run(&[("CONFIGFLOW_KEY", &old), ("CONFIGFLOW_NEW_KEY", "canary")]);
    assert!(code == Some(2) && said.starts_with("error[store.key_malformed]") && !said.contains("canary"), "{said}");
    assert_eq!(run(&[("CONFIGFLOW_KEY", &old), ("CONFIGFLOW_NEW_KEY", &new)]), (Some(0), String::new()));
    assert_eq!(open(&old).expect_err("the old key").code(), "store.wrong_key");
    assert!(open(&new).is_ok() && !folder.path().join("configflow.key").exists());
}
