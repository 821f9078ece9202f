//! A link that a person opens: as text, and as a QR code where one fits a terminal.

use qrcode::{EcLevel, QrCode};

use crate::outcome::say;

/// The longest URL whose QR code still fits a terminal.
const LONGEST: usize = 300;

/// Prints a link.
pub(super) fn print(url: &str) {
    say(format_args!("\n{url}\n"));
    if url.len() > LONGEST {
        return;
    }
    if let Ok(code) = QrCode::with_error_correction_level(url, EcLevel::L) {
        say(half_blocks(&code));
    }
}

/// Two rows of modules in one row of characters, light on dark.
fn half_blocks(code: &QrCode) -> String {
    const QUIET: usize = 2;
    let width = code.width();
    let dark = |x: usize, y: usize| {
        let inside = (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
        inside && code[(x - QUIET, y - QUIET)] == qrcode::Color::Dark
    };
    let size = width + 2 * QUIET;
    let mut text = String::new();
    for y in (0..size).step_by(2) {
        for x in 0..size {
            text.push(match (dark(x, y), dark(x, y + 1)) {
                (true, true) => ' ',
                (true, false) => '▄',
                (false, true) => '▀',
                (false, false) => '█',
            });
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_with_a_quiet_border() {
        let code = QrCode::with_error_correction_level("https://hub.example/link/abc", EcLevel::L).expect("it fits");
        let text = half_blocks(&code);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() == code.width() + 4));
        assert_eq!(lines.len(), (code.width() + 4).div_ceil(2));
        assert!(lines[0].chars().all(|c| c == '█'));
    }
}
