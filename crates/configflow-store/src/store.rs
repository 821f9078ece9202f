//! The store.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use configflow_core::{EffectId, EffectOutcome};
use configflow_engine::store::{Answer, Commit, Committed, Kept, KeptFlow, Lease};
use configflow_engine::{Entry, Implementation, Store, StoreError, Token};
use configflow_oauth::Secret;
use futures_util::future::BoxFuture;
use rusqlite::Connection;

use crate::folder::{self, Folder, OpenError, Opened};
use crate::key::Key;
use crate::reader::Reader;
use crate::seal::Sealer;
use crate::writer::{Durability, Writer};
use crate::{entries, flows, implementations, tokens};

/// Keeps flows, entries and tokens in a folder.
pub struct SqliteStore {
    // Dropped in this order: the flows are given back only when everything is written.
    writer: Writer,
    reader: Reader,
    sealer: Arc<Sealer>,
    folder: Folder,
}

impl SqliteStore {
    /// Opens the store in a folder, and makes what is missing of it. The key is that of the environment, else that of the file
    /// beside the database.
    ///
    /// # Errors
    /// Where the folder, the key or the database cannot be used; nothing was changed then.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::start(folder, None)
    }

    /// The same with a given key.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`].
    pub fn open_with(folder: &Path, key: Key) -> Result<Self, OpenError> {
        Self::start(folder, Some(key))
    }

    fn start(path: &Path, key: Option<Key>) -> Result<Self, OpenError> {
        let Opened { folder, writing, reading, sealer } = folder::open(path, key)?;
        let io = |source| OpenError::Io { folder: path.to_owned(), source };
        let writer = Writer::start(writing).map_err(io)?;
        let reader = Reader::start(reading).map_err(io)?;
        Ok(Self { writer, reader, sealer: Arc::new(sealer), folder })
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Path {
        self.folder.database()
    }

    /// Lets the database grow to so many pages and no further, as an operator's quota; a write that does not fit fails.
    ///
    /// # Errors
    /// Where the database refuses.
    pub async fn limit_pages(&self, pages: i64) -> Result<(), StoreError> {
        self.write(Durability::Process, move |connection, _| {
            let limited = connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()));
            limited.map_err(|error| crate::failure::of(&error))
        })
        .await
    }

    pub(crate) fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        durability: Durability,
        write: impl FnOnce(&Connection, &Sealer) -> Result<T, E> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, E>> {
        let sealer = Arc::clone(&self.sealer);
        self.writer.write(durability, move |connection| write(connection, &sealer))
    }

    pub(crate) fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &Sealer) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let sealer = Arc::clone(&self.sealer);
        self.reader.read(move |connection| read(connection, &sealer))
    }

    /// Reads one row that is found by its key.
    fn read_one<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &Sealer) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let sealer = Arc::clone(&self.sealer);
        self.reader.read_one(move |connection| read(connection, &sealer))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("database", &self.folder.database()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn save_flow<'a>(&'a self, flow: &'a KeptFlow) -> Answer<'a, ()> {
        Box::pin(async move {
            self.folder.own_flows()?;
            let (flow_id, sealed) = (flow.flow_id().to_owned(), flows::seal_flow(&self.sealer, flow)?);
            self.write(Durability::Process, move |connection, _| flows::save(connection, &flow_id, &sealed)).await
        })
    }

    fn save_link<'a>(&'a self, flow_id: &'a str, link: Secret) -> Answer<'a, ()> {
        Box::pin(async move {
            let (sealed, flow_id) = (flows::seal_link(&self.sealer, flow_id, &link)?, flow_id.to_owned());
            self.write(Durability::Process, move |connection, _| flows::save_link(connection, &flow_id, &sealed)).await
        })
    }

    fn begin_once<'a>(&'a self, flow_id: &'a str, effect: EffectId) -> Answer<'a, ()> {
        let flow_id = flow_id.to_owned();
        self.write(Durability::Power, move |connection, _| flows::save_once(connection, &flow_id, effect, None))
    }

    fn end_once<'a>(
        &'a self,
        flow_id: &'a str,
        effect: EffectId,
        outcome: &'a EffectOutcome,
        link: Option<Secret>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let outcome = flows::seal_outcome(&self.sealer, flow_id, effect, outcome)?;
            let link = link.map(|link| flows::seal_link(&self.sealer, flow_id, &link)).transpose()?;
            let flow_id = flow_id.to_owned();
            let write = move |connection: &Connection, _: &Sealer| {
                flows::save_once(connection, &flow_id, effect, Some(&outcome))?;
                link.map_or(Ok(()), |link| flows::save_link(connection, &flow_id, &link))
            };
            self.write(Durability::Power, write).await
        })
    }

    fn remove_flow<'a>(&'a self, flow_id: &'a str) -> Answer<'a, ()> {
        let flow_id = flow_id.to_owned();
        self.write(Durability::Process, move |connection, _| flows::remove(connection, &flow_id))
    }

    fn flows(&self) -> Answer<'_, Kept> {
        Box::pin(async move {
            self.folder.own_flows()?;
            self.read(flows::all).await
        })
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        self.write(Durability::Power, move |connection, sealer| entries::commit(connection, sealer, commit))
    }

    fn entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<Entry>> {
        let entry_id = entry_id.to_owned();
        self.read_one(move |connection, sealer| entries::find(connection, sealer, &entry_id))
    }

    fn entries<'a>(&'a self, domain: Option<&'a str>) -> Answer<'a, Vec<Entry>> {
        let domain = domain.map(str::to_owned);
        self.read(move |connection, sealer| entries::all(connection, sealer, domain.as_deref()))
    }

    fn entry_by_unique_id<'a>(&'a self, domain: &'a str, unique_id: &'a str) -> Answer<'a, Option<Entry>> {
        let (domain, unique_id) = (domain.to_owned(), unique_id.to_owned());
        self.read_one(move |connection, sealer| entries::by_unique_id(connection, sealer, &domain, &unique_id))
    }

    fn remove_entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<(Entry, Option<Token>)>> {
        let entry_id = entry_id.to_owned();
        self.write(Durability::Power, move |connection, sealer| entries::remove(connection, sealer, &entry_id))
    }

    fn token<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Token>> {
        let (domain, key) = (domain.to_owned(), key.to_owned());
        self.read_one(move |connection, sealer| tokens::find(connection, sealer, &domain, &key))
    }

    fn save_token(&self, token: Token) -> Answer<'_, ()> {
        self.write(Durability::Power, move |connection, sealer| tokens::save(connection, sealer, token))
    }

    fn lease<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Lease>> {
        Box::pin(std::future::ready(self.folder.lease(domain, key)))
    }

    fn finish_refresh(&self, token: Token) -> Answer<'_, bool> {
        self.write(Durability::Power, move |connection, sealer| tokens::finish_refresh(connection, sealer, token))
    }

    fn refreshes(&self) -> Answer<'_, Vec<(String, String)>> {
        self.read(|connection, _| tokens::refreshes(connection))
    }

    fn begin_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, bool> {
        let (domain, key) = (domain.to_owned(), key.to_owned());
        self.write(Durability::Power, move |connection, _| tokens::begin_refresh(connection, &domain, &key))
    }

    fn end_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, ()> {
        let (domain, key) = (domain.to_owned(), key.to_owned());
        self.write(Durability::Power, move |connection, _| tokens::end_refresh(connection, &domain, &key))
    }

    fn implementations(&self) -> Answer<'_, Vec<(String, Implementation)>> {
        self.read(implementations::all)
    }

    fn save_implementation<'a>(&'a self, domain: &'a str, implementation: &'a Implementation) -> Answer<'a, ()> {
        let (domain, implementation) = (domain.to_owned(), implementation.clone());
        self.write(Durability::Power, move |connection, sealer| {
            implementations::save(connection, sealer, &domain, &implementation)
        })
    }

    fn remove_implementation<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        let id = id.to_owned();
        self.write(Durability::Power, move |connection, _| implementations::remove(connection, &id))
    }
}
