//! The tables of flows in progress.

use configflow_core::{EffectId, EffectOutcome};
use configflow_engine::StoreError;
use configflow_engine::store::{Kept, KeptFlow, Once, StoredFlow};
use configflow_oauth::Secret;
use rusqlite::{Connection, Row, params};
use zeroize::Zeroizing;

use crate::failure;
use crate::seal::{Place, Sealer};

/// A flow's row, sealed.
pub(crate) fn seal_flow(sealer: &Sealer, flow: &KeptFlow) -> Result<Vec<u8>, StoreError> {
    sealer.seal(Place { table: "flows", row: &[flow.flow_id()] }, flow)
}

/// What a flow did towards linking, sealed.
pub(crate) fn seal_link(sealer: &Sealer, flow_id: &str, link: &Secret) -> Result<Vec<u8>, StoreError> {
    sealer.seal(Place { table: "links", row: &[flow_id] }, &link.expose())
}

/// What came of an effect, sealed.
pub(crate) fn seal_outcome(
    sealer: &Sealer,
    flow_id: &str,
    effect: EffectId,
    outcome: &EffectOutcome,
) -> Result<Vec<u8>, StoreError> {
    sealer.seal(Place { table: "once", row: &[flow_id, &effect.0.to_string()] }, outcome)
}

pub(crate) fn save(connection: &Connection, flow_id: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO flows (flow_id, sealed) VALUES (?1, ?2) \
               ON CONFLICT (flow_id) DO UPDATE SET sealed = excluded.sealed";
    execute(connection, sql, params![flow_id, sealed]).map(|_| ())
}

/// Of a flow that is not there nothing is kept: it may have been given up while its effect ended.
pub(crate) fn save_link(connection: &Connection, flow_id: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO links (flow_id, sealed) \
               SELECT flow_id, ?2 FROM flows WHERE flow_id = ?1 \
               ON CONFLICT (flow_id) DO UPDATE SET sealed = excluded.sealed";
    execute(connection, sql, params![flow_id, sealed]).map(|_| ())
}

/// Keeps the state of an effect that may run only once: begun where nothing is sealed.
pub(crate) fn save_once(
    connection: &Connection,
    flow_id: &str,
    effect: EffectId,
    sealed: Option<&[u8]>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO once (flow_id, effect, sealed) \
               SELECT flow_id, ?2, ?3 FROM flows WHERE flow_id = ?1 \
               ON CONFLICT (flow_id) DO UPDATE SET effect = excluded.effect, sealed = excluded.sealed";
    match execute(connection, sql, params![flow_id, effect.0, sealed])? {
        0 => Err(StoreError::NoFlow),
        _ => Ok(()),
    }
}

pub(crate) fn remove(connection: &Connection, flow_id: &str) -> Result<(), StoreError> {
    execute(connection, "DELETE FROM flows WHERE flow_id = ?1", params![flow_id]).map(|_| ())
}

/// Every flow; those that cannot be read are named and left as they are.
pub(crate) fn all(connection: &Connection, sealer: &Sealer) -> Result<Kept, StoreError> {
    read_all(connection, sealer).map_err(|error| failure::of(&error))
}

fn read_all(connection: &Connection, sealer: &Sealer) -> rusqlite::Result<Kept> {
    let mut statement = connection.prepare_cached(
        "SELECT flow_id, flows.sealed, links.sealed, once.effect, once.sealed FROM flows \
         LEFT JOIN links USING (flow_id) LEFT JOIN once USING (flow_id)",
    )?;
    let mut rows = statement.query([])?;
    let mut kept = Kept::default();
    while let Some(row) = rows.next()? {
        let flow_id: String = row.get(0)?;
        let columns = Columns::of(row).map_err(|error| failure::of(&error));
        match columns.and_then(|columns| columns.open(sealer, &flow_id)) {
            Ok(flow) => kept.flows.push(flow),
            Err(_) => kept.unreadable.push(flow_id),
        }
    }
    Ok(kept)
}

struct Columns {
    flow: Vec<u8>,
    link: Option<Vec<u8>>,
    effect: Option<u32>,
    outcome: Option<Vec<u8>>,
}

impl Columns {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { flow: row.get(1)?, link: row.get(2)?, effect: row.get(3)?, outcome: row.get(4)? })
    }

    fn open(self, sealer: &Sealer, flow_id: &str) -> Result<StoredFlow, StoreError> {
        let flow: KeptFlow = sealer.open(Place { table: "flows", row: &[flow_id] }, &self.flow)?;
        if flow.flow_id() != flow_id {
            return Err(StoreError::Unreadable);
        }
        let link = self.link.map(|link| sealer.open::<Zeroizing<String>>(Place { table: "links", row: &[flow_id] }, &link));
        let once = self.effect.map(|effect| {
            let place = [flow_id, &effect.to_string()];
            let outcome = self.outcome.map(|outcome| sealer.open(Place { table: "once", row: &place }, &outcome));
            Ok::<_, StoreError>(Once { effect: EffectId(effect), outcome: outcome.transpose()? })
        });
        Ok(StoredFlow { flow, link: link.transpose()?.map(|link| Secret::new(link.as_str())), once: once.transpose()? })
    }
}

pub(crate) fn execute(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, StoreError> {
    let executed = connection.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters));
    executed.map_err(|error| failure::of(&error))
}
