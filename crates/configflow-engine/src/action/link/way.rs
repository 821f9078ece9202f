//! The ways of linking an account, and where each makes the provider send people.

use serde::{Deserialize, Serialize};

/// How an account is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// The provider sends the browser back to the hub's address as the world sees it.
    Callback,
    /// The provider sends the browser to a listener on its own machine, which is the hub's (RFC 8252 §7.3).
    Loopback,
    /// A code is typed in on another device (RFC 8628).
    Device,
    /// The address of the page that comes last is pasted.
    Paste,
}

impl Way {
    /// Every way.
    pub(super) const ALL: [Self; 4] = [Self::Callback, Self::Loopback, Self::Device, Self::Paste];

    /// The name in definitions and results.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Loopback => "loopback",
            Self::Device => "device",
            Self::Paste => "paste",
        }
    }

    /// The way of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == name)
    }
}
