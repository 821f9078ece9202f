//! How fast `configflow serve` is, over HTTP as its clients use it. Run with `cargo bench -p configflow-cli --bench serve`; words after
//! `--` choose parts: `load`, `growth`, `startup`.
//!
//! The server is a process of its own: the command itself where flows are kept on disk, and this program again where they are kept
//! in memory. The load comes from this process, on the same machine: where it has two cores, both share them.
#![expect(clippy::print_stdout, reason = "a benchmark tells its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that meets an error ends there")]

mod client;
mod growth;
mod load;
mod server;
mod startup;
mod times;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, folder] = arguments.as_slice()
        && first == server::IN_MEMORY
    {
        return server::in_memory(std::path::Path::new(folder));
    }
    // Whoever builds every target and runs it as a test wants no figures.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let chosen: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |part: &str| chosen.is_empty() || chosen.contains(&part);
    println!("{} cores, shared by the server and what loads it", std::thread::available_parallelism().map_or(1, usize::from));
    if wanted("startup") {
        startup::measure();
    }
    if wanted("load") {
        load::measure();
    }
    if wanted("growth") {
        growth::measure();
    }
}
