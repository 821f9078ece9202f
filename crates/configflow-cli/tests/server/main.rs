//! `configflow serve` as a process, under what happens to it: kills, signals, hostile clients; and what of its secrets can be seen.
#![cfg(unix)]

mod canaries;
mod credentials;
mod dialog;
mod kill;
mod stopping;
mod support;
