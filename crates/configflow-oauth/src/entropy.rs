//! Random bytes, injected. Not a generator of its own: the system implementation asks the operating system every time.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A source of random bytes fit for secrets.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills the buffer.
    ///
    /// # Errors
    /// When the source has none to give; the buffer must then not be used.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// There are no random bytes to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine gives no random bytes; check its random number source and try again")]
pub struct EntropyError;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(buffer).map_err(|_| EntropyError)
    }
}

/// `N` random bytes as base64url without padding.
pub(crate) fn base64url<const N: usize>(entropy: &dyn Entropy) -> Result<Secret, EntropyError> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    entropy.fill(bytes.as_mut_slice())?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

/// `N` random bytes as lowercase hexadecimal digits.
pub(crate) fn hexadecimal<const N: usize>(entropy: &dyn Entropy) -> Result<Secret, EntropyError> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    entropy.fill(bytes.as_mut_slice())?;
    let digits = bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect::<String>();
    Ok(Secret::new(digits))
}
