//! Times in files: 32 bits, read as unsigned, so that they last until 2106.

use crate::proto::KerberosTime;

pub(crate) fn from_file(seconds: u32) -> KerberosTime {
    KerberosTime(i64::from(seconds))
}

/// What is before 1970 or after 2106 becomes the nearest time that fits; it never wraps around.
pub(crate) fn to_file(time: KerberosTime) -> u32 {
    u32::try_from(time.0.max(0)).unwrap_or(u32::MAX)
}

/// 0 stands for "none" where a time is optional.
pub(crate) fn optional_from_file(seconds: u32) -> Option<KerberosTime> {
    (seconds != 0).then(|| from_file(seconds))
}

pub(crate) fn optional_to_file(time: Option<KerberosTime>) -> u32 {
    time.map_or(0, to_file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_saturate_at_the_ends_of_what_a_file_can_hold() {
        let cases = [
            (i64::MIN, 0),
            (-1, 0),
            (0, 0),
            (0x7fff_ffff, 0x7fff_ffff),
            (0x8000_0000, 0x8000_0000),
            (4_118_083_200, 4_118_083_200),
            (0xffff_ffff, 0xffff_ffff),
            (0x1_0000_0000, 0xffff_ffff),
            (i64::MAX, 0xffff_ffff),
        ];
        for (seconds, expected) in cases {
            assert_eq!(to_file(KerberosTime(seconds)), expected, "{seconds}");
        }
        assert_eq!(from_file(0x8000_0000), KerberosTime(0x8000_0000));
    }
}
