//! What the processes say to each other, one line of JSON each.

use serde::{Deserialize, Serialize};

/// What a child is told first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// Where the provider is reached.
    pub(crate) port: u16,
    /// The origin that is reached there; all of them, if none is given.
    pub(crate) origin: Option<String>,
    /// `account:` of the definition.
    pub(crate) account: String,
}

/// What a child is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Link an account for the first time.
    Link,
    /// Link the account again, in the reauth that began by itself.
    LinkAgain,
    /// The person came back with this.
    Back(String),
    /// Ask for a token, so many tasks at once.
    Ask(usize),
    /// Ask for a token so many times, one after the other.
    Go(usize),
}

/// What a child tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Told {
    /// It can be given orders; the entry that is there.
    Ready { entry: Option<String> },
    /// A person is to open this.
    Open { url: String },
    /// The account is linked.
    Linked { entry: String },
    /// The different tokens, and the codes of failures.
    Tokens { tokens: Vec<String>, failures: Vec<String> },
    /// A token that was got in a loop.
    Got { token: String },
    /// There was none.
    Failed { code: String, detail: Option<String> },
    /// The loop is done.
    Done,
}
