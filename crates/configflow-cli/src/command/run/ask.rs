//! Asks a person: with prompts on a terminal, line by line where another program answers.

use std::io::{BufRead, IsTerminal};

use inquire::{Confirm, InquireError, MultiSelect, Password, PasswordDisplayMode, Select, Text};

use crate::outcome::say;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// Ctrl-C or Escape.
    Interrupted,
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

/// Asks.
pub(super) struct Ask {
    terminal: bool,
}

impl Ask {
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stdin().is_terminal() && std::io::stdout().is_terminal() }
    }

    fn line(&self, question: &str) -> Result<String, Gone> {
        say(format_args!("{question}:"));
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => Err(Gone::Closed),
            Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        }
    }

    /// A text; what is in `default` where nothing is entered.
    pub(super) fn text(&self, question: &str, default: Option<&str>) -> Result<String, Gone> {
        if self.terminal {
            let prompt = Text::new(question);
            let prompt = if let Some(default) = default { prompt.with_initial_value(default) } else { prompt };
            return Ok(prompt.prompt()?);
        }
        let shown = default
            .filter(|default| !default.is_empty())
            .map_or_else(|| question.to_owned(), |default| format!("{question} [{default}]"));
        let line = self.line(&shown)?;
        Ok(if line.is_empty() { default.unwrap_or_default().to_owned() } else { line })
    }

    /// A text that is not shown while it is typed.
    pub(super) fn secret(&self, question: &str) -> Result<String, Gone> {
        if self.terminal {
            return Ok(Password::new(question).with_display_mode(PasswordDisplayMode::Masked).without_confirmation().prompt()?);
        }
        self.line(question)
    }

    /// Yes or no.
    pub(super) fn confirm(&self, question: &str, default: bool) -> Result<bool, Gone> {
        if self.terminal {
            return Ok(Confirm::new(question).with_default(default).prompt()?);
        }
        let line = self.line(&format!("{question} [{}]", if default { "Y/n" } else { "y/N" }))?;
        Ok(match line.trim().to_lowercase().as_str() {
            "" => default,
            word => matches!(word, "y" | "yes" | "true" | "on" | "1"),
        })
    }

    /// One of several; gives its place.
    pub(super) fn select(&self, question: &str, options: &[String], default: usize) -> Result<usize, Gone> {
        if self.terminal {
            return Ok(Select::new(question, options.to_vec()).with_starting_cursor(default).raw_prompt()?.index);
        }
        for (at, option) in options.iter().enumerate() {
            say(format_args!("  {}. {option}", at + 1));
        }
        let line = self.line(&format!("{question} [{}]", default + 1))?;
        let by_number = line.parse::<usize>().ok().filter(|number| (1..=options.len()).contains(number)).map(|number| number - 1);
        Ok(by_number.or_else(|| options.iter().position(|option| *option == line)).unwrap_or(default))
    }

    /// Any of several; gives their places.
    pub(super) fn several(&self, question: &str, options: &[String], default: &[usize]) -> Result<Vec<usize>, Gone> {
        if self.terminal {
            let chosen = MultiSelect::new(question, options.to_vec()).with_default(default).raw_prompt()?;
            return Ok(chosen.into_iter().map(|option| option.index).collect());
        }
        for (at, option) in options.iter().enumerate() {
            say(format_args!("  {}. {option}", at + 1));
        }
        let line = self.line(&format!("{question} (numbers, with commas)"))?;
        if line.trim().is_empty() {
            return Ok(default.to_vec());
        }
        let number = |word: &str| {
            word.trim().parse::<usize>().ok().filter(|number| (1..=options.len()).contains(number)).map(|number| number - 1)
        };
        Ok(line.split(',').filter_map(number).collect())
    }
}
