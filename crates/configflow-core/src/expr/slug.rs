//! Slugs: what a name becomes in an entity id.

/// Lower-case letters, digits and single underscores; what has none of them is `unknown`, as in Home Assistant.
pub(super) fn slugify(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() => slug.push(c),
            None if !slug.is_empty() && !slug.ends_with('_') => slug.push('_'),
            None => {}
        }
    }
    let slug = slug.trim_end_matches('_');
    // As in Home Assistant: nothing stays nothing, and what has no letter is unknown.
    if slug.is_empty() && !text.is_empty() { "unknown".to_owned() } else { slug.to_owned() }
}

/// The plain letters of a letter of a European alphabet.
fn plain(c: char) -> Option<&'static str> {
    match c {
        _ if c.is_ascii() => return None,
        // What is set above or below a letter.
        '\u{300}'..='\u{36f}' => return Some(""),
        _ => {}
    }
    PLAIN.iter().find(|(_, letters)| letters.contains(c)).map(|(plain, _)| *plain)
}

/// Latin, Greek and Cyrillic letters, and signs, by how they are written in plain letters.
#[rustfmt::skip]
const PLAIN: &[(&str, &str)] = &[
    ("", "ʹъь‘’‛′″‴"),
    ("1", "¹"),
    ("2", "²"),
    ("3", "³"),
    ("7", "⁊"),
    ("a", "ªàáâãäåāăąάαаḁạảấầẩẫậắằẳẵặ"),
    ("ae", "æ"),
    ("b", "βϐбḃḅḇ"),
    ("c", "çćĉċčḉ"),
    ("ch", "ϭч"),
    ("d", "ðďđδдḋḍḏḑḓẟ"),
    ("deg", "°"),
    ("dj", "ђ"),
    ("dz", "ѕ"),
    ("dzh", "џ"),
    ("e", "èéêëēĕėęěέήεηϵеэѐёḕḗḙḛḝẹẻẽếềểễệ"),
    ("eur", "€"),
    ("f", "ϥфḟ"),
    ("g", "ĝğġģγϫгѓḡ"),
    ("h", "ĥħϩḣḥḧḩḫẖ"),
    ("i", "ìíîïĩīĭįİıΐίιϊийіїѝḭḯỉị"),
    ("ia", "я"),
    ("ie", "є"),
    ("ij", "ĳ"),
    ("iu", "ю"),
    ("j", "ĵϳј"),
    ("k", "ķĸκϰкќḱḳḵ"),
    ("kh", "χϧх"),
    ("l", "ĺļľłλлḷḹḻḽ"),
    ("lj", "љ"),
    ("m", "µμмḿṁṃ"),
    ("n", "ñńņňŉνнṅṇṉṋ"),
    ("ng", "ŋ"),
    ("nj", "њ"),
    ("o", "ºòóôõöøōŏőοωόώоṍṏṑṓọỏốồổỗộớờởỡợ"),
    ("oe", "œ"),
    ("p", "¶πϖпṕṗ"),
    ("ph", "φϕ"),
    ("pp", "⁋"),
    ("ps", "£ψ"),
    ("q", "ϟ"),
    ("r", "ŕŗřρϱрṙṛṝṟ"),
    ("s", "śŝşšſșςσϲсṡṣṥṧṩẛẜẝ"),
    ("sh", "ϣш"),
    ("shch", "щ"),
    ("sp", "ϡ"),
    ("ss", "§ß"),
    ("st", "ϛ"),
    ("t", "ţťŧțτтṫṭṯṱẗ"),
    ("th", "þθϑ"),
    ("ti", "ϯ"),
    ("tm", "™"),
    ("ts", "ц"),
    ("tsh", "ћ"),
    ("u", "ùúûüũūŭůűųΰυϋύϒϓϔуўṳṵṷṹṻụủứừửữự"),
    ("v", "вṽṿ"),
    ("w", "ŵϝẁẃẅẇẉẘ"),
    ("x", "×ξẋẍ"),
    ("y", "ýÿŷыẏẙỳỵỷỹ"),
    ("z", "źżžζзẑẓẕ"),
    ("zh", "ж"),
];

#[cfg(test)]
mod tests {
    use super::slugify;

    #[test]
    fn names_are_written_in_plain_letters() {
        let names = [
            ("Übung 1", "ubung_1"),
            ("Łódź", "lodz"),
            ("Straße", "strasse"),
            ("Привет, мир", "privet_mir"),
            ("Αθήνα", "athena"),
            ("İstanbul", "istanbul"),
            ("10 €", "10_eur"),
            ("it's a\u{2019}b", "it_s_ab"),
            ("--a  b--", "a_b"),
            ("!!!", "unknown"),
            ("", ""),
        ];
        for (name, slug) in names {
            assert_eq!(slugify(name), slug, "{name}");
        }
    }
}
