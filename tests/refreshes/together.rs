//! 64 tasks in each of 4 processes ask for one token that has ended.

use configflow_store::{Known, SqliteStore};
use serde_json::{Value, json};

use crate::parent::Parent;
use crate::talk::{Order, Told};

const PROCESSES: usize = 4;
const TASKS: usize = 64;
const ROUNDS: usize = 5;

pub(crate) async fn run() {
    let account = "{ provider: acme_cloud, client_id: acme-hub, client_secret: a-secret-of-the-tests-only }";
    let parent = Parent::simulated(account, json!({})).await;
    parent.linked().await;
    for round in 0..ROUNDS {
        has_ended(&parent).await;
        let before = parent.proxy.refreshes().0;
        let mut processes = Vec::new();
        for _ in 0..PROCESSES {
            processes.push(parent.process().await.0);
        }
        // All of them are there before the first one is told to ask.
        for process in &mut processes {
            process.order(&Order::Ask(TASKS)).await;
        }
        let mut all = Vec::new();
        for mut process in processes {
            match process.told().await {
                Some(Told::Tokens { tokens, failures }) => {
                    assert!(failures.is_empty(), "round {round}: {failures:?}");
                    all.extend(tokens);
                }
                other => panic!("round {round}: {other:?}"),
            }
            process.ends().await;
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 1, "round {round}: everybody has the same token");
        assert_eq!(parent.proxy.refreshes().0 - before, 1, "round {round}: one refresh");
    }
    println!("{ROUNDS} rounds of {TASKS} tasks in each of {PROCESSES} processes: one refresh each");
}

/// The stored token has ended, as Home Assistant's export would say it.
async fn has_ended(parent: &Parent) {
    let store = SqliteStore::open(parent.folder()).expect("a store");
    let mut file: Value =
        serde_json::from_str(&store.export(time::OffsetDateTime::UNIX_EPOCH).await.expect("exported")).expect("JSON");
    file["data"]["entries"][0]["data"]["token"]["expires_at"] = json!(1);
    store.import(&file.to_string(), Known::Replace).await.expect("replaced");
}
