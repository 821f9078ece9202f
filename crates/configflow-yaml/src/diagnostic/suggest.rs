//! Did you mean …?

/// The candidate that is most like a word, if one is like it at all.
#[must_use]
pub(crate) fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = word.to_lowercase();
    let likeness = |candidate: &str| strsim::jaro_winkler(&lower, &candidate.to_lowercase());
    let best = candidates.into_iter().map(|candidate| (candidate, likeness(candidate))).max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (best.1 > 0.8 && best.0 != word).then_some(best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_words_are_suggested_and_others_are_not() {
        assert_eq!(suggest("reqired", ["default", "required"]), Some("required"));
        assert_eq!(suggest("Then", ["then", "when"]), Some("then"));
        assert_eq!(suggest("colour", ["default", "required"]), None);
    }
}
