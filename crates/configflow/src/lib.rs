//! The one crate an embedding core depends on: it re-exports the engine, the loader and the OAuth backend.
