//! What the parent has: a provider, a person, the proxy, a folder.

use std::path::Path;

use configflow_testkit::simulated::{Script, Simulated};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::person::Person;
use crate::process::Process;
use crate::proxy::{Proxy, Strike};
use crate::server::{CLIENT_SECRET, ISSUER, Server};
use crate::talk::{Order, Orders, Told};

const REDIRECT_URI: &str = "https://hub.example/auth/external/callback";

/// A provider.
enum Provider {
    Simulated(Box<Simulated>),
    Real(Box<Server>),
}

/// What every test begins with.
pub(crate) struct Parent {
    provider: Provider,
    pub(crate) proxy: Proxy,
    pub(crate) strikes: mpsc::UnboundedReceiver<Strike>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) orders: Orders,
}

impl Parent {
    /// With the simulated provider.
    pub(crate) async fn simulated(account: &str, script: Value) -> Self {
        let script: Script = serde_json::from_value(script).expect("a script");
        let provider = Simulated::start(script).await.expect("started");
        let port = provider.port();
        Self::new(Provider::Simulated(Box::new(provider)), port, None, account).await
    }

    /// With the certified provider; its access tokens live so many seconds.
    pub(crate) async fn real(seconds: u32) -> Self {
        let provider = Server::start(REDIRECT_URI, seconds);
        let port = provider.address().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let account = format!(
            "{{ provider: generic_oidc, parameters: {{ issuer: '{ISSUER}' }}, client_id: hub, client_secret: {CLIENT_SECRET} }}"
        );
        Self::new(Provider::Real(Box::new(provider)), port, Some(ISSUER), &account).await
    }

    async fn new(provider: Provider, port: u16, origin: Option<&str>, account: &str) -> Self {
        let (strike, strikes) = mpsc::unbounded_channel();
        let proxy = Proxy::start(port, strike).await;
        let orders = Orders { port: proxy.port(), origin: origin.map(str::to_owned), account: account.to_owned() };
        Self { provider, proxy, strikes, folder: tempfile::tempdir().expect("a folder"), orders }
    }

    /// How many refreshes the certified provider says that it carried out.
    pub(crate) fn counted(&self) -> Option<u64> {
        match &self.provider {
            Provider::Simulated(_) => None,
            Provider::Real(server) => Some(server.counts().1),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn process(&self) -> (Process, Option<String>) {
        Process::start(self.folder.path(), &self.orders).await
    }

    /// Lets a child link the account, or link it again; gives the entry.
    pub(crate) async fn links(&self, process: &mut Process, order: Order) -> String {
        process.order(&order).await;
        let Some(Told::Open { url }) = process.told().await else { panic!("{order:?}: no link") };
        let back = match &self.provider {
            Provider::Simulated(provider) => provider.person().log_in(&url).await.expect("back"),
            Provider::Real(server) => Person::new(&server.address()).log_in("ada", &url, REDIRECT_URI).await,
        };
        let query = back.split_once('?').expect("a query").1.to_owned();
        process.order(&Order::Back(query)).await;
        match process.told().await {
            Some(Told::Linked { entry }) => entry,
            other => panic!("{order:?}: {other:?}"),
        }
    }

    /// An account is linked by a process that ends by itself.
    pub(crate) async fn linked(&self) -> String {
        let (mut process, entry) = self.process().await;
        assert_eq!(entry, None);
        let entry = self.links(&mut process, Order::Link).await;
        process.ends().await;
        entry
    }
}
