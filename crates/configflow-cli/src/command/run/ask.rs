//! Asks a person: with prompts on a terminal, line by line where another program answers.

use std::io::{BufRead, IsTerminal};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use inquire::{Confirm, InquireError, MultiSelect, Password, PasswordDisplayMode, Select, Text};

use super::interrupt::Interrupt;
use crate::outcome::say;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Ctrl-C or Escape.
    Interrupted,
    /// The person does not want to go on.
    Declined,
    /// Nobody answers any more.
    Closed,
}

impl From<InquireError> for Gone {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Self::Interrupted,
            _ => Self::Closed,
        }
    }
}

type Line = Result<String, Gone>;

/// Asks.
pub(super) struct Ask {
    /// The lines of another program; none on a terminal.
    lines: Option<Receiver<Line>>,
    interrupt: Interrupt,
}

/// What is asked.
pub(super) struct Question<'q> {
    /// The question itself.
    pub(super) text: &'q str,
    /// What is said beside it.
    pub(super) about: Option<&'q str>,
}

impl<'q> Question<'q> {
    pub(super) fn of(text: &'q str) -> Self {
        Self { text, about: None }
    }
}

impl Ask {
    /// Asks on the terminal, or by lines where standard input is none. From here on Ctrl-C is an answer.
    pub(super) fn new() -> Self {
        // Prompts are drawn on standard error.
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            return Self { lines: None, interrupt: Interrupt::listen(|| {}) };
        }
        let (sender, lines) = sync_channel(1);
        let reader = sender.clone();
        // A thread of its own, which nobody waits for: a read cannot be given up.
        std::thread::spawn(move || read_lines(&reader));
        let interrupt = Interrupt::listen(move || {
            // Where a line is awaited just now, this is what comes.
            let _ = sender.try_send(Err(Gone::Interrupted));
        });
        Self { lines: Some(lines), interrupt }
    }

    /// Ctrl-C while nothing is asked.
    pub(super) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    fn line(&self, lines: &Receiver<Line>, question: &Question<'_>, hint: &str) -> Line {
        if let Some(about) = question.about {
            say(format_args!("  ({about})"));
        }
        let hint = if hint.is_empty() { String::new() } else { format!(" [{hint}]") };
        say(format_args!("{}{hint}:", question.text));
        let line = lines.recv().unwrap_or(Err(Gone::Closed));
        if self.interrupt.pressed() { Err(Gone::Interrupted) } else { line }
    }

    /// What a prompt gave, unless Ctrl-C came as a signal meanwhile.
    fn prompted<T>(&self, answer: Result<T, InquireError>) -> Result<T, Gone> {
        if self.interrupt.pressed() { Err(Gone::Interrupted) } else { Ok(answer?) }
    }

    /// A text; what is in `default` where nothing is entered.
    pub(super) fn text(&self, question: &Question<'_>, default: Option<&str>) -> Result<String, Gone> {
        if let Some(lines) = &self.lines {
            let line = self.line(lines, question, default.unwrap_or_default())?;
            return Ok(if line.is_empty() { default.unwrap_or_default().to_owned() } else { line });
        }
        let mut prompt = Text::new(question.text);
        prompt.help_message = question.about;
        prompt.initial_value = default;
        self.prompted(prompt.prompt())
    }

    /// A text that is not shown while it is typed.
    pub(super) fn secret(&self, question: &Question<'_>) -> Result<String, Gone> {
        if let Some(lines) = &self.lines {
            return self.line(lines, question, "");
        }
        let mut prompt = Password::new(question.text).with_display_mode(PasswordDisplayMode::Masked).without_confirmation();
        prompt.help_message = question.about;
        self.prompted(prompt.prompt())
    }

    /// Yes or no.
    pub(super) fn confirm(&self, question: &Question<'_>, default: bool) -> Result<bool, Gone> {
        let Some(lines) = &self.lines else {
            let mut prompt = Confirm::new(question.text).with_default(default);
            prompt.help_message = question.about;
            return self.prompted(prompt.prompt());
        };
        loop {
            let line = self.line(lines, question, if default { "Y/n" } else { "y/N" })?;
            match line.trim().to_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" | "true" | "on" | "1" => return Ok(true),
                "n" | "no" | "false" | "off" | "0" => return Ok(false),
                _ => say("! expected y or n"),
            }
        }
    }

    /// One of several; gives its place.
    pub(super) fn select(&self, question: &Question<'_>, options: &[String], default: Option<usize>) -> Result<usize, Gone> {
        self.one_of(question, options, &[], default)
    }

    /// One of several, which have names of their own beside what is shown; gives its place.
    pub(super) fn select_named(&self, question: &Question<'_>, options: &[String], names: &[String]) -> Result<usize, Gone> {
        self.one_of(question, options, names, None)
    }

    fn one_of(
        &self,
        question: &Question<'_>,
        options: &[String],
        names: &[String],
        default: Option<usize>,
    ) -> Result<usize, Gone> {
        let Some(lines) = &self.lines else {
            let mut prompt = Select::new(question.text, options.to_vec()).with_starting_cursor(default.unwrap_or(0));
            prompt.help_message = question.about.or(prompt.help_message);
            return self.prompted(prompt.raw_prompt()).map(|chosen| chosen.index);
        };
        list(options);
        let hint = default.map(|default| (default + 1).to_string()).unwrap_or_default();
        loop {
            let line = self.line(lines, question, &hint)?;
            let named = || names.iter().position(|name| name == line.trim());
            let chosen = if line.is_empty() { default } else { place_of(&line, options).or_else(named) };
            match chosen {
                Some(at) => return Ok(at),
                None => say(format_args!("! expected a number from 1 to {}, or one of the options", options.len())),
            }
        }
    }

    /// Any of several; gives their places.
    pub(super) fn several(&self, question: &Question<'_>, options: &[String], default: &[usize]) -> Result<Vec<usize>, Gone> {
        let Some(lines) = &self.lines else {
            let mut prompt = MultiSelect::new(question.text, options.to_vec()).with_default(default);
            prompt.help_message = question.about.or(prompt.help_message);
            return self.prompted(prompt.raw_prompt()).map(|chosen| chosen.into_iter().map(|option| option.index).collect());
        };
        list(options);
        let hint: Vec<String> = default.iter().map(|at| (at + 1).to_string()).collect();
        loop {
            let line = self.line(lines, question, &hint.join(","))?;
            if line.trim().is_empty() {
                return Ok(default.to_vec());
            }
            let chosen: Option<Vec<usize>> = line.split(',').map(|word| place_of(word, options)).collect();
            match chosen {
                Some(chosen) => return Ok(chosen),
                None => say(format_args!("! expected numbers from 1 to {}, with commas between them", options.len())),
            }
        }
    }
}

/// Passes on each line of standard input, and says when there are no more.
fn read_lines(to: &SyncSender<Line>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if to.send(Ok(line.trim_end_matches('\r').to_owned())).is_err() {
            return;
        }
    }
    let _ = to.send(Err(Gone::Closed));
}

fn list(options: &[String]) {
    for (at, option) in options.iter().enumerate() {
        say(format_args!("  {}. {option}", at + 1));
    }
}

/// The place of an option, by its number or by its label.
fn place_of(word: &str, options: &[String]) -> Option<usize> {
    let word = word.trim();
    let number = word.parse::<usize>().ok().filter(|number| (1..=options.len()).contains(number));
    options.iter().position(|option| option == word).or(number.map(|number| number - 1))
}
