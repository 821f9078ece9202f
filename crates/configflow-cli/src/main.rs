//! The `configflow` command.
//!
//! Exit codes: 0 where all is as expected, 1 where it is not (a dialog that is aborted too), 2 for a broken fixture, definition
//! or command line, or input that ends too early, 130 for Ctrl-C.

mod command;
mod outcome;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use outcome::Outcome;

/// Drives, tests and checks config flows.
#[derive(Parser)]
#[command(name = "configflow", version, about, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a JSON step fixture and prints each transition as one JSON line. Without a fixture, runs the embedded one.
    Drive {
        /// The fixture.
        fixture: Option<PathBuf>,
        /// The folder of definitions; the nearest `flows` beside or above the fixture by default.
        #[arg(long)]
        flows: Option<PathBuf>,
        /// Meets the real provider instead of the simulated one.
        #[arg(long)]
        live: bool,
    },
    /// Drives every fixture below the paths and compares each transition with its stored snapshot.
    Test {
        /// Fixtures, or folders of them; `fixtures` by default.
        paths: Vec<PathBuf>,
        /// Rewrites the snapshots.
        #[arg(long)]
        update: bool,
        /// The folder of definitions.
        #[arg(long)]
        flows: Option<PathBuf>,
        /// Meets the real provider instead of the simulated one.
        #[arg(long)]
        live: bool,
    },
    /// Reports everything that is wrong with definitions, each at its line and column.
    Check {
        /// The definitions.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Runs a dialog in the terminal, against the simulated provider unless told `--live`.
    Run(command::run::Run),
    /// Draws a dialog: its steps, the ways between them with their conditions, what each failure leads to.
    Graph {
        /// The definition.
        file: PathBuf,
        /// How to draw.
        #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
        format: GraphFormat,
        /// `config`, `options`, or the type of a sub-entry.
        #[arg(long, default_value = "config")]
        dialog: String,
    },
    /// Serves the flow API over HTTP and WebSocket. The token of its clients is that of CONFIGFLOW_TOKEN, else the one in the
    /// file `token` of the data folder, which is made at the first start.
    Serve(command::serve::Arguments),
    /// Replays recordings of Home Assistant against a server and says what differs: against a running one with `--url`, else
    /// against one of its own for each, with the simulated provider.
    Replay(command::replay::Arguments),
    /// Writes every account as Home Assistant's `core.config_entries`, secrets in plain text.
    Export {
        /// The folder of the store.
        #[arg(long)]
        data: PathBuf,
        /// The file to write; it is made for its owner alone, and must not be there yet. Standard output by default.
        #[arg(long)]
        output: Option<PathBuf>,
        /// Lets secrets be shown on a terminal.
        #[arg(long)]
        to_terminal: bool,
    },
    /// Takes over every account of a `core.config_entries`, or none where one would be lost.
    Import {
        /// The folder of the store; made where it is missing.
        #[arg(long)]
        data: PathBuf,
        /// The file.
        file: PathBuf,
        /// Takes the file's accounts in place of those that are there and differ.
        #[arg(long)]
        replace: bool,
    },
    /// Seals everything in a store with a new key, which takes the place of the old one's file. The server must not run. Where the
    /// key is that of CONFIGFLOW_KEY, the new one is that of CONFIGFLOW_NEW_KEY.
    Rekey {
        /// The folder of the store.
        #[arg(long)]
        data: PathBuf,
    },
    /// Checks providers' files, and makes the page about the built-in ones.
    Providers {
        #[command(subcommand)]
        command: ProvidersCommand,
    },
    /// Prints a JSON Schema.
    Schema {
        /// Of what.
        #[arg(value_enum)]
        what: SchemaOf,
    },
}

/// What is done with providers' files.
#[derive(Subcommand)]
enum ProvidersCommand {
    /// Reports everything that is wrong with providers' files, each at its line and column.
    Check {
        /// The files.
        #[arg(required_unless_present = "builtin")]
        files: Vec<PathBuf>,
        /// Checks the built-in providers too.
        #[arg(long)]
        builtin: bool,
        /// How to report.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Prints the page about the built-in providers, as Markdown.
    Page,
}

/// How diagnostics are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The line of the source with a caret.
    Human,
    /// One JSON list.
    Json,
}

/// How a dialog is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// Mermaid text.
    Mermaid,
    /// A picture.
    Svg,
}

/// Whether a terminal may show secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminal {
    /// Only a file or another program gets them.
    Never,
    /// Somebody said so.
    Allowed,
}

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaOf {
    /// A flow definition.
    Definition,
    /// A step fixture.
    Fixture,
    /// A provider's file.
    Provider,
    /// A flow result.
    Result,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Drive { fixture, flows, live } => command::drive::run(fixture.as_deref(), flows.as_deref(), live),
        Command::Test { paths, update, flows, live } => command::test::run(&paths, flows.as_deref(), update, live),
        Command::Check { files, format } => command::check::run(&files, format),
        Command::Run(arguments) => command::run::run(arguments),
        Command::Graph { file, format, dialog } => command::graph::run(&file, &dialog, format),
        Command::Serve(arguments) => command::serve::run(&arguments),
        Command::Replay(arguments) => command::replay::run(&arguments),
        Command::Export { data, output, to_terminal } => {
            let terminal = if to_terminal { Terminal::Allowed } else { Terminal::Never };
            command::accounts::export(&data, output.as_deref(), terminal)
        }
        Command::Import { data, file, replace } => {
            let known = if replace { configflow_store::Known::Replace } else { configflow_store::Known::Refuse };
            command::accounts::import(&data, &file, known)
        }
        Command::Rekey { data } => command::rekey::run(&data),
        Command::Providers { command: ProvidersCommand::Check { files, builtin, format } } => {
            command::providers::check(&files, builtin, format)
        }
        Command::Providers { command: ProvidersCommand::Page } => command::providers::page(),
        Command::Schema { what } => command::schema::run(what),
    };
    let outcome = if outcome::all_said() { outcome } else { outcome.and(Outcome::Broken) };
    match outcome {
        Outcome::Fine => ExitCode::SUCCESS,
        Outcome::Differs => ExitCode::from(1),
        Outcome::Broken => ExitCode::from(2),
        Outcome::Interrupted => ExitCode::from(130),
    }
}
