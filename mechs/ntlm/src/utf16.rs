//! Text as NTLM writes and folds it.

/// The code units of `text` in upper case, as NTOWFv2 hashes a user's name, [MS-NLMP] §3.3.2.
///
/// Windows folds one code unit at a time: what has no single upper-case letter (ß) stays, and so does what takes two
/// code units.
pub(crate) fn upper_case(text: &str) -> impl Iterator<Item = u16> {
    text.encode_utf16().map(upper_case_unit)
}

/// UTF-16LE.
pub(crate) fn to_octets(units: impl Iterator<Item = u16>) -> Vec<u8> {
    units.flat_map(u16::to_le_bytes).collect()
}

/// Text in UTF-16LE; `None` if it is none: half a code unit, or half a pair of surrogates.
pub(crate) fn from_octets(octets: &[u8]) -> Option<String> {
    let (units, []) = octets.as_chunks::<2>() else {
        return None;
    };
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

fn upper_case_unit(unit: u16) -> u16 {
    let Some(letter) = char::from_u32(u32::from(unit)) else {
        return unit;
    };
    let mut folded = letter.to_uppercase();
    match (folded.next(), folded.next()) {
        (Some(upper), None) => u16::try_from(u32::from(upper)).unwrap_or(unit),
        _ => with_iota_below(unit),
    }
}

/// Greek letters with an iota below become two letters in words, but have one upper-case (title-case) letter each.
fn with_iota_below(unit: u16) -> u16 {
    match unit {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => unit | 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => unit.saturating_add(9),
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I-82: Unicode's simple mapping, UnicodeData.txt field 12.
    #[test]
    fn i82_users_are_folded_letter_by_letter() {
        for (name, folded) in [
            ("User", "USER"),
            ("jürgen", "JÜRGEN"),
            ("straße", "STRAßE"),
            ("ıi", "II"),
            ("ŉ", "ŉ"),
            ("ÿ", "Ÿ"),
            ("ς", "Σ"),
            ("ǆ", "Ǆ"),
            ("ᾳᾀῃῳ", "ᾼᾈῌῼ"),
            ("ﬁ", "ﬁ"),
            ("дж", "ДЖ"),
            ("\u{10428}", "\u{10428}"),
        ] {
            let units: Vec<u16> = upper_case(name).collect();
            assert_eq!(String::from_utf16(&units).unwrap(), folded, "{name}");
        }
    }

    #[test]
    fn folding_never_changes_the_length() {
        for unit in 0..=u16::MAX {
            let Some(letter) = char::from_u32(u32::from(unit)) else {
                continue;
            };
            assert_eq!(upper_case(&letter.to_string()).count(), 1, "{unit:04x}");
        }
    }
}
