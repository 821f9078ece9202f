//! How a commit is written, once for every store.

use super::{Commit, Committed, Entry, StoreError, Token, Write};

/// The tables of a store within one transaction: what [`Commit::write_to`] reads and writes. A store that cannot take its
/// writes back need not: nothing is written before everything was found to be in order.
pub trait Tables {
    /// An entry.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn entry(&self, entry_id: &str) -> Result<Option<Entry>, StoreError>;
    /// The entry of an integration that has this unique id.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn entry_by_unique_id(&self, domain: &str, unique_id: &str) -> Result<Option<Entry>, StoreError>;
    /// Whether there is a token under a key.
    ///
    /// # Errors
    /// Where that cannot be read.
    fn has_token(&self, domain: &str, key: &str) -> Result<bool, StoreError>;
    /// Puts an entry there: a new one at the end, one that is known in its place.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn put_entry(&mut self, entry: &Entry) -> Result<(), StoreError>;
    /// Removes an entry, and nothing else.
    ///
    /// # Errors
    /// Where that cannot be written.
    fn drop_entry(&mut self, entry_id: &str) -> Result<(), StoreError>;
    /// Keeps a token; a refresh of it that had begun has ended.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn put_token(&mut self, token: Token) -> Result<(), StoreError>;
    /// Removes a token.
    ///
    /// # Errors
    /// Where that cannot be written.
    fn drop_token(&mut self, domain: &str, key: &str) -> Result<(), StoreError>;
    /// Forgets a flow, and all that belongs to it.
    ///
    /// # Errors
    /// Where that cannot be written.
    fn drop_flow(&mut self, flow_id: &str) -> Result<(), StoreError>;
}

impl Commit {
    /// Writes entry, token and the end of the flow into the tables of a store.
    ///
    /// # Errors
    /// [`StoreError::AlreadyConfigured`] where another entry has the unique id or the account is linked already by another one,
    /// [`StoreError::NoEntry`], or what the tables say.
    pub fn write_to(self, tables: &mut impl Tables) -> Result<Committed, StoreError> {
        let (mut entry, changed) = match self.write {
            Write::Create(entry) => {
                if let Some(token) = &self.token
                    && tables.has_token(&token.domain, &token.key)?
                {
                    return Err(StoreError::AlreadyConfigured);
                }
                if let Some(owner) = owner(tables, &entry)? {
                    if owner.source != "ignore" {
                        return Err(StoreError::AlreadyConfigured);
                    }
                    // What somebody ignored gives way to what somebody wants.
                    tables.drop_entry(&owner.entry_id)?;
                }
                (*entry, true)
            }
            write => {
                let mut entry = tables.entry(write.entry_id())?.ok_or(StoreError::NoEntry)?;
                let changed = write.apply(&mut entry, self.now)?;
                if owner(tables, &entry)?.is_some() {
                    return Err(StoreError::AlreadyConfigured);
                }
                // Under another key than before: nobody else's token gives way, and the old one does not stay behind.
                if let (Some(token), Some(old)) = (&self.token, &entry.account_key)
                    && *old != token.key
                {
                    if tables.has_token(&token.domain, &token.key)? {
                        return Err(StoreError::AlreadyConfigured);
                    }
                    tables.drop_token(&entry.domain, old)?;
                }
                (entry, changed)
            }
        };
        if let Some(token) = self.token {
            entry.account_key = Some(token.key.clone());
            tables.put_token(token)?;
        }
        tables.put_entry(&entry)?;
        tables.drop_flow(&self.flow_id)?;
        Ok(Committed { entry, changed })
    }
}

/// Another entry that has the unique id of this one.
fn owner(tables: &impl Tables, entry: &Entry) -> Result<Option<Entry>, StoreError> {
    let Some(unique_id) = &entry.unique_id else { return Ok(None) };
    let owner = tables.entry_by_unique_id(&entry.domain, unique_id)?;
    Ok(owner.filter(|owner| owner.entry_id != entry.entry_id))
}
