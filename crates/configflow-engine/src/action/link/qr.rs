//! An address as a picture that a telephone reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// The picture as a `data:` address of an SVG; none where the text is too long for one.
pub(super) fn data_uri(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Some(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_an_svg_of_its_text() {
        let one = data_uri("https://microsoft.com/devicelogin").expect("it fits");
        let encoded = one.strip_prefix("data:image/svg+xml;base64,").expect("an SVG");
        let picture = String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("UTF-8");
        assert!(picture.contains("<svg") && picture.ends_with("</svg>"), "{picture}");
        assert_ne!(Some(one), data_uri("https://github.com/login/device"));
        assert_eq!(data_uri(&"x".repeat(10_000)), None);
    }
}
