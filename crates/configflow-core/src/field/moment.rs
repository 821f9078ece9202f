//! Dates and times as texts. Nothing here knows what time it is.

/// `YYYY-MM-DD`, a day that there is.
pub(super) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

/// `HH:MM` or `HH:MM:SS`, with a fraction where `fraction` allows one.
pub(super) fn is_time(text: &str, fraction: bool) -> bool {
    let (text, rest) = match text.split_once('.') {
        Some((text, rest)) if fraction => (text, Some(rest)),
        _ => (text, None),
    };
    let parts: Vec<Option<u32>> =
        text.split(':').map(|part| if part.len() <= 2 { digits(part, part.len()) } else { None }).collect();
    let whole = match parts.as_slice() {
        [Some(hour), Some(minute)] => *hour < 24 && *minute < 60 && rest.is_none(),
        [Some(hour), Some(minute), Some(second)] => *hour < 24 && *minute < 60 && *second < 60,
        _ => false,
    };
    whole && rest.is_none_or(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A date, or a date and a time with or without a zone.
pub(super) fn is_datetime(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', ' ']) else { return is_date(text) };
    let zone = time.find(['Z', '+', '-']).map_or("", |at| &time[at..]);
    let time = &time[..time.len() - zone.len()];
    let zone = match zone.strip_prefix(['+', '-']) {
        Some(offset) => {
            is_time(offset, false)
                || (offset.len() == 4 && digits(offset, 4).is_some())
                || (offset.len() == 2 && digits(offset, 2).is_some())
        }
        None => matches!(zone, "" | "Z"),
    };
    is_date(date) && is_time(time, true) && zone
}

/// Python's `%Y-%m-%dT%H:%M:%S.%fZ`.
pub(super) fn is_utc_stamp(text: &str) -> bool {
    let parts = text.strip_suffix('Z').and_then(|text| text.split_once('T'));
    parts.is_some_and(|(date, time)| is_date(date) && time.contains('.') && is_time(time, true))
}

fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && length > 0 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_that_there_are() {
        assert!(is_date("2024-02-29") && !is_date("2023-02-29") && !is_date("2024-2-29") && !is_date("2024-13-01"));
        assert!(is_time("12:30", false) && is_time("23:59:59", false) && !is_time("25:00", false) && !is_time("5", false));
        assert!(
            is_datetime("2024-02-29T12:30:00+00:00") && is_datetime("2024-02-29 12:30:00") && !is_datetime("2024-02-30 12:30:00")
        );
        assert!(is_utc_stamp("2024-02-29T12:30:00.5Z") && !is_utc_stamp("2024-02-29T12:30:00Z"));
    }
}
