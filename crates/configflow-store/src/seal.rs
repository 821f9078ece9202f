//! Seals what is secret: XChaCha20-Poly1305, with the place of a value as associated data.
//!
//! A sealed value is a version byte, the id of the key, the nonce, and the ciphertext with its tag. The version, the key and
//! the place (table and row) are authenticated too, so a value that was moved to another row does not open.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use configflow_engine::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::key::Key;

const VERSION: u8 = 1;
const KEY_ID: usize = 8;
const NONCE: usize = 24;
const HEAD: usize = 1 + KEY_ID + NONCE;

/// Seals and opens with one key.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID],
}

/// Where a sealed value stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a [&'a str],
}

impl Sealer {
    pub(crate) fn new(key: &Key) -> Self {
        Self { cipher: XChaCha20Poly1305::new(key.bytes().into()), key_id: key.id() }
    }

    /// Seals a value as JSON. Where that is impossible nothing is stored.
    pub(crate) fn seal(&self, place: Place<'_>, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(1024));
        serde_json::to_writer(&mut *plain, value).map_err(|_| failed("what is to be stored cannot be written as JSON"))?;
        self.close(place, &plain)
    }

    fn close(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| failed("the machine gives no random bytes"))?;
        let data = self.associated(place);
        let payload = Payload { msg: plain, aad: &data };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| failed("what is to be stored cannot be sealed"))?;
        let mut whole = Vec::with_capacity(HEAD + sealed.len());
        whole.push(VERSION);
        whole.extend(self.key_id);
        whole.extend(nonce);
        whole.extend(sealed);
        Ok(whole)
    }

    /// Opens a value.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] where another key sealed it, it was changed, or it stood elsewhere.
    pub(crate) fn open<T: DeserializeOwned>(&self, place: Place<'_>, whole: &[u8]) -> Result<T, StoreError> {
        let plain = self.plain(place, whole)?;
        let mut json = serde_json::Deserializer::from_slice(&plain);
        // What opens was sealed here, so it is as deep as something that was once in memory: an answer of an API inside a state.
        json.disable_recursion_limit();
        T::deserialize(&mut json).map_err(|_| StoreError::Unreadable)
    }

    /// The same value in the same place, sealed by another key.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] where it cannot be opened.
    pub(crate) fn reseal(&self, with: &Self, place: Place<'_>, whole: &[u8]) -> Result<Vec<u8>, StoreError> {
        with.close(place, &self.plain(place, whole)?)
    }

    fn plain(&self, place: Place<'_>, whole: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        if whole.len() < HEAD || whole[0] != VERSION || whole[1..=KEY_ID] != self.key_id {
            return Err(StoreError::Unreadable);
        }
        let (nonce, sealed) = (&whole[1 + KEY_ID..HEAD], &whole[HEAD..]);
        let data = self.associated(place);
        let payload = Payload { msg: sealed, aad: &data };
        let plain = self.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| StoreError::Unreadable)?;
        Ok(Zeroizing::new(plain))
    }

    fn associated(&self, place: Place<'_>) -> Vec<u8> {
        let mut data = b"configflow\0".to_vec();
        data.push(VERSION);
        data.extend(self.key_id);
        for part in std::iter::once(&place.table).chain(place.row) {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part.as_bytes());
        }
        data
    }
}

fn failed(reason: &str) -> StoreError {
    StoreError::Failed { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "flows", row: &["one"] };

    #[test]
    fn what_was_deep_in_memory_is_as_deep_again() {
        let sealer = Sealer::new(&Key::generate().expect("a key"));
        let deep = (0..300).fold(serde_json::json!(1), |inner, _| serde_json::json!([inner]));
        let sealed = sealer.seal(PLACE, &deep).expect("sealed");
        assert_eq!(sealer.open::<serde_json::Value>(PLACE, &sealed).expect("opened"), deep);
    }

    #[test]
    fn sec_20_what_was_sealed_opens_in_its_place_under_its_key_and_nowhere_else() {
        let key = Key::generate().expect("a key");
        let sealer = Sealer::new(&key);
        let sealed = sealer.seal(PLACE, &"canary").expect("sealed");
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        assert_eq!(sealer.open::<String>(PLACE, &sealed).expect("opened"), "canary");
        assert_ne!(sealer.seal(PLACE, &"canary").expect("sealed"), sealed, "no nonce is used twice");

        for place in [Place { table: "flows", row: &["two"] }, Place { table: "links", row: &["one"] }] {
            assert_eq!(sealer.open::<String>(place, &sealed), Err(StoreError::Unreadable));
        }
        let other = Sealer::new(&Key::generate().expect("a key"));
        assert_eq!(other.open::<String>(PLACE, &sealed), Err(StoreError::Unreadable));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open::<String>(PLACE, &changed), Err(StoreError::Unreadable), "byte {at}");
            assert_eq!(sealer.open::<String>(PLACE, &sealed[..at]), Err(StoreError::Unreadable), "cut at {at}");
        }
    }
}
