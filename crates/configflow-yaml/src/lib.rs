//! YAML text to a checked flow definition, or diagnostics with line and column.
//!
//! [`load`] reads a definition, compiles it and runs every check; everything that is wrong is reported at once.
//!
//! What it is not: it drives no flow, and reads no file by itself but those that it is given.
//!
//! ```
//! use configflow_yaml::{Options, Source, load};
//! let source = Source::new("hello.yaml", "
//! domain: hello
//! fields:
//!   name: { type: string, required: true }
//! config:
//!   user:
//!     form: [nam]
//!     then: { create_entry: { title: \"{{ name }}\", data: \"{{ answers }}\" } }
//! ");
//! let diagnostics = load(&source, &Options::default()).expect_err("the field is called name");
//! let first = diagnostics.iter().next().expect("one at least");
//! assert_eq!((first.code.as_str(), first.span.line, first.span.column), ("field.unknown", 7, 12));
//! assert_eq!(first.hint.as_deref(), Some("did you mean `name`?"));
//! ```

mod check;
mod diagnostic;
mod lower;
mod node;
mod parse;
mod render;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Label, MAX_DIAGNOSTICS, Severity, codes, suggest};
pub use lower::{libraries, library};
pub use node::{Node, NodeValue, Span, Style};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_NODES, Source, parse};
pub use render::{Colour, human, json};

use configflow_core::Definition;
use configflow_core::signature::Signatures;

/// What a definition may use beside what is built in.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Actions that the embedder registers.
    pub signatures: Signatures,
    /// The providers at which accounts can be linked; none where they are not known, so that nothing is said about them.
    pub providers: Option<Vec<KnownProvider>>,
    /// The ways in which an account can be linked at a provider (`callback`, `loopback`, `device`, `paste`); none where nobody knows.
    /// Asked only where a definition names some.
    pub methods_of: Option<MethodsOf>,
}

/// The ways in which an account can be linked at a provider of this name; none where it is not known.
pub type MethodsOf = fn(&str) -> Option<Vec<String>>;

/// A provider that `account:` may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProvider {
    /// Its name in the catalogue.
    pub name: String,
    /// Its parameters, each with the values that it can have; none where it takes any.
    pub parameters: Vec<(String, Vec<String>)>,
    /// Those of its parameters that have to be given.
    pub required: Vec<String>,
}

/// A definition that can be used, and what may be worth a look in it.
#[derive(Debug)]
pub struct Loaded {
    /// The definition.
    pub definition: Definition,
    /// Warnings.
    pub warnings: Diagnostics,
}

/// Reads, compiles and checks a definition.
///
/// # Errors
/// Every mistake in it, in the order of their places.
pub fn load(source: &Source, options: &Options) -> Result<Loaded, Diagnostics> {
    let (root, mut diagnostics) = parse::parse_with(source);
    let Some(root) = root else { return Err(diagnostics) };
    let text = source.lossy();
    let (lowered, found) = lower::lower(&root, options, &text);
    diagnostics.extend(found);
    let Some(lowered) = lowered else { return Err(diagnostics) };
    check::check(&lowered.traces, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    match Definition::build(lowered.parts) {
        Ok(definition) => Ok(Loaded { definition, warnings: diagnostics }),
        Err(error) => {
            diagnostics.error(lower::NOT_SOUND, root.span, &error.to_string());
            Err(diagnostics)
        }
    }
}
