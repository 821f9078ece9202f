//! A process is killed at each moment of a refresh.

use serde_json::json;

use crate::parent::Parent;
use crate::proxy::Moment;
use crate::talk::{Order, Told};

const ROUNDS: usize = 4;

pub(crate) async fn run() {
    // Tokens of half a minute are renewed whenever one is asked for.
    let revokes = json!({"token_lifetime": 30, "old_refresh_token": "revokes_all"});
    let acme = "{ provider: acme_cloud, client_id: acme-hub, client_secret: a-secret-of-the-tests-only }";
    let keeps = json!({"token_lifetime": 30, "old_refresh_token": "accepted"});
    let entra = "{ provider: microsoft_entra, client_id: hub, client_secret: a-secret-of-the-tests-only, scopes: [User.Read] }";
    for (name, account, script, old_token_ends) in [("acme_cloud", acme, revokes, true), ("microsoft_entra", entra, keeps, false)]
    {
        let mut parent = Parent::simulated(account, script).await;
        let entry = parent.linked().await;
        for round in 0..ROUNDS {
            for moment in [Moment::Before, Moment::After, Moment::Sent] {
                let interrupted = strikes(&mut parent, moment).await;
                let (mut process, found) = parent.process().await;
                assert_eq!(found.as_deref(), Some(entry.as_str()), "{name}, {round}, {moment:?}: the entry is there");
                process.order(&Order::Go(1)).await;
                match process.told().await.expect("an answer") {
                    Told::Got { .. } => {
                        // Of an answer that was sent, nobody knows whether it was stored before the kill.
                        assert!(!interrupted || !old_token_ends, "{name}, {round}, {moment:?}");
                        assert!(matches!(process.told().await, Some(Told::Done)));
                    }
                    Told::Failed { code, detail } => {
                        assert!(old_token_ends, "{name}, {round}, {moment:?}: {code} {detail:?}");
                        let wanted = ("account.reauth_required", Some("token.refresh_interrupted"));
                        assert_eq!((code.as_str(), detail.as_deref()), wanted, "{name}, {round}, {moment:?}");
                        assert!(matches!(process.told().await, Some(Told::Done)));
                        // The reauth has begun by itself.
                        assert_eq!(parent.links(&mut process, Order::LinkAgain).await, entry);
                    }
                    other => panic!("{name}, {round}, {moment:?}: {other:?}"),
                }
                process.ends().await;
            }
        }
    }
    println!("2 providers, {} kills each: linked in the end", 3 * ROUNDS);
}

/// Lets a process ask for a token, and kills it at a moment of the refresh. Says whether the answer cannot have been stored.
async fn strikes(parent: &mut Parent, moment: Moment) -> bool {
    let (mut process, _) = parent.process().await;
    parent.proxy.kill_at(Some((0, moment)));
    process.order(&Order::Go(1)).await;
    let gone = parent.strikes.recv().await.expect("the moment comes");
    process.kill().await;
    parent.proxy.kill_at(None);
    // The proxy may have gone on by itself.
    let _ = gone.send(());
    moment != Moment::Sent
}
