//! What a step does before it shows something, and after it was answered.
//!
//! Blocks are inlined and conditions are guards over the operations that follow, so a sequence is one flat list and a
//! flow that waits for an action knows where to go on by one number.

use std::sync::Arc;

use super::outcome::{Handlers, Rule};
use crate::Name;
use crate::expr::{Expr, Template};
use crate::signature::Signature;

/// One operation.
#[derive(Debug, Clone)]
pub enum Op {
    /// Goes on at `skip_to` (an index into the same list) unless the condition holds.
    Unless {
        /// The condition.
        when: Expr,
        /// Where to go on otherwise.
        skip_to: usize,
    },
    /// Gives names values that are no answers.
    Set(Template),
    /// Runs an action and waits for its result.
    Call(Arc<Call>),
    /// What a card of this flow shows: `title_placeholders`, `configuration_url`, `confirm_only`.
    Describe(Template),
    /// Takes a way on where its condition holds.
    Decide(Rule),
    /// From here to the next [`Op::ShowErrors`], errors are collected instead of shown at once.
    CollectErrors,
    /// Shows what was collected, if anything was.
    ShowErrors,
}

/// A call of an action.
#[derive(Debug, Clone)]
pub struct Call {
    /// `namespace.name`.
    pub action: Name,
    /// Its signature.
    pub signature: Arc<Signature>,
    /// Its parameters: a map, or nothing.
    pub parameters: Template,
    /// The name that its result gets.
    pub binds: Option<Name>,
    /// Runs it once for each item of a list; the result is then a list.
    pub each: Option<EachSpec>,
    /// What its failures lead to.
    pub on_error: Handlers,
    /// The block that it stands in, for diagnostics and diagrams.
    pub block: Option<Name>,
}

/// `each: {in: LIST, as: NAME}`.
#[derive(Debug, Clone)]
pub struct EachSpec {
    /// The list.
    pub items: Template,
    /// The name that each item gets.
    pub name: Name,
}

/// `account:`, evaluated whenever an action of `link` runs.
#[derive(Debug, Clone)]
pub struct AccountSpec {
    /// The provider's name in the catalogue.
    pub provider: Template,
    /// The provider's parameters, such as a cloud and a tenant.
    pub parameters: Option<Template>,
    /// The client id, where the person gives one.
    pub client_id: Option<Template>,
    /// The client secret, where the person gives one.
    pub client_secret: Option<Template>,
    /// What tells accounts of this integration apart; the token is kept under it.
    pub key: Option<Template>,
    /// The scopes to ask for.
    pub scopes: Vec<ScopeSpec>,
    /// `application_credentials`: client id and secret are the operator's, by implementation.
    pub credentials: Option<Template>,
    /// The request that says whose account it is, where the provider's ID token does not: `url`, `field`, `username`, `display_name`.
    pub identity: Option<Template>,
    /// How a flow of an entry ends whose person logged in with another account: `abort`, `placeholders`.
    pub other: Option<Template>,
    /// When the client secret ends: a date, or a date with a time.
    pub client_secret_expires: Option<Template>,
}

/// One scope, under a condition.
#[derive(Debug, Clone)]
pub struct ScopeSpec {
    /// The condition; none is always.
    pub when: Option<Expr>,
    /// The scope's short name.
    pub scope: Template,
}
