//! Did you mean …?

/// The candidate that is most like a word, if one is like it at all.
#[must_use]
pub(crate) fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = word.to_lowercase();
    let likeness = |candidate: &str| strsim::jaro_winkler(&lower, &candidate.to_lowercase());
    // One slip of the finger in three letters, or mostly the same letters in the same order.
    let slips = |candidate: &str| strsim::osa_distance(&lower, &candidate.to_lowercase());
    let near = |candidate: &str| likeness(candidate) > 0.8 || slips(candidate) <= (lower.chars().count() / 3).max(1);
    let near = candidates.into_iter().filter(|candidate| *candidate != word && near(candidate));
    near.min_by(|a, b| slips(a).cmp(&slips(b)).then(likeness(b).total_cmp(&likeness(a))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_words_are_suggested_and_others_are_not() {
        assert_eq!(suggest("reqired", ["default", "required"]), Some("required"));
        assert_eq!(suggest("Then", ["then", "when"]), Some("then"));
        assert_eq!(suggest("ulr", ["method", "url"]), Some("url"));
        assert_eq!(suggest("colour", ["default", "required"]), None);
    }
}
