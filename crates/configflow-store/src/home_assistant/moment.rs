//! Moments as Python's `isoformat` writes them: microseconds only where there are some.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

pub(super) fn read(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(|moment| moment.to_offset(UtcOffset::UTC))
}

pub(super) fn write(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(UtcOffset::UTC);
    let (date, time) = (moment.date(), moment.time());
    let fraction = match moment.microsecond() {
        0 => String::new(),
        microsecond => format!(".{microsecond:06}"),
    };
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}+00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_as_python_writes_them() {
        for text in ["2025-03-01T09:05:07.123456+00:00", "1970-01-01T00:00:00+00:00", "2026-11-23T18:00:00.000001+00:00"] {
            assert_eq!(write(read(text).expect("a moment")), text);
        }
        assert_eq!(write(read("2025-03-01T10:05:07+01:00").expect("a moment")), "2025-03-01T09:05:07+00:00");
        assert_eq!(read("yesterday"), None);
    }
}
