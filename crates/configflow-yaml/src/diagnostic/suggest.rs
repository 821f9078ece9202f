//! Did you mean …?

/// The longest word that is looked at, in bytes: what is longer is no slip of the finger.
const MAX_WORD: usize = 64;
/// The most candidates that are looked at. A hostile file could else have thousands of unknown names and thousands of fields.
const MAX_CANDIDATES: usize = 256;

/// The candidate that is most like a word, if one is like it at all.
#[must_use]
pub fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let lower = word.to_lowercase();
    // One slip of the finger in three letters, or mostly the same letters in the same order.
    let allowed = (lower.chars().count() / 3).max(1);
    // Of two that are as near, letters that changed places are likelier than one that is missing.
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let own = letters(&lower);
    let mut best: Option<((usize, bool), f64, &'c str)> = None;
    for candidate in candidates.into_iter().take(MAX_CANDIDATES) {
        if candidate == word || candidate.len() > MAX_WORD {
            continue;
        }
        let other = candidate.to_lowercase();
        let (slips, likeness) = (strsim::osa_distance(&lower, &other), strsim::jaro_winkler(&lower, &other));
        let near = (slips, lower.len() != other.len() || letters(&other) != own);
        let is_better = best.is_none_or(|(nearest, most, _)| near < nearest || (near == nearest && likeness > most));
        if (likeness > 0.8 || slips <= allowed) && is_better {
            best = Some((near, likeness, candidate));
        }
    }
    best.map(|(.., candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_words_are_suggested_and_others_are_not() {
        assert_eq!(suggest("reqired", ["default", "required"]), Some("required"));
        assert_eq!(suggest("event_tyep", ["event_types", "event_type"]), Some("event_type"));
        assert_eq!(suggest("event_type", ["event_types", "event_tyep"]), Some("event_tyep"));
        assert_eq!(suggest("Then", ["then", "when"]), Some("then"));
        assert_eq!(suggest("ulr", ["method", "url"]), Some("url"));
        assert_eq!(suggest("colour", ["default", "required"]), None);
    }

    #[test]
    fn a_word_that_is_no_word_is_not_compared() {
        assert_eq!(suggest(&"a".repeat(1 << 20), ["default"]), None);
        let long = "a".repeat(1 << 20);
        assert_eq!(suggest("required", [long.as_str(), "require"]), Some("require"));
    }
}
