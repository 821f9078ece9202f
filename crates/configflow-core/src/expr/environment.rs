//! The one Jinja environment of the language: what every expression may call, and how much work it may do.
//!
//! It holds no template and no state, so it is one static value, and compiled expressions borrow from it for ever.

use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior, Value};

use super::filters;

/// How many instructions one evaluation may take. The longest expression of our own flows takes about a hundred.
pub const FUEL: u64 = 50_000;

/// The filters of the language beyond Jinja's own, in the order of the documentation.
pub const FILTERS: [&str; 12] =
    ["merge", "without", "pick", "url", "url_join", "mac", "slugify", "sha1", "sha256", "base64", "is_ip", "is_link_local"];

pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(64);
    for loader in ["range", "dict", "debug", "namespace"] {
        env.remove_global(loader);
    }
    // A key that is not there is none: `entry.data.host is none` holds for both.
    env.add_test("none", |value: &Value| value.is_none() || value.is_undefined());
    env.add_test("defined", |value: &Value| !value.is_none() && !value.is_undefined());
    filters::add_to(&mut env);
    env
});
