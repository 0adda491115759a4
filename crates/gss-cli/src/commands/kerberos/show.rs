//! How tickets and keys are shown to a person.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use krb5_crypto::Enctype;
use krb5_proto::KerberosTime;
use krb5_proto::messages::TicketFlags;

/// A table of columns with nothing but space between them.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    if !header.is_empty() {
        table.set_header(header);
    }
    pad(&mut table);
    table
}

/// Two blanks after each column that is there.
pub(crate) fn pad(table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
}

/// The lines of a table without the blanks at their ends.
pub(crate) fn lines(table: &Table) -> Vec<String> {
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// A time on the clocks of `zone`; as it is in the message where the calendar ends.
pub(crate) fn time(time: KerberosTime, zone: &TimeZone) -> String {
    match Timestamp::from_second(time.seconds()) {
        Ok(timestamp) => timestamp
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string(),
        Err(_) => time.to_string(),
    }
}

/// The name of an encryption type, or its number.
pub(crate) fn enctype(number: i32) -> String {
    Enctype::from_number(number).map_or_else(|| number.to_string(), |etype| etype.name().to_owned())
}

/// The letters that MIT's klist has for flags.
pub(crate) fn flag_letters(flags: TicketFlags) -> String {
    LETTERS
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, letter)| letter)
        .collect()
}

const LETTERS: [(TicketFlags, char); 15] = [
    (TicketFlags::FORWARDABLE, 'F'),
    (TicketFlags::FORWARDED, 'f'),
    (TicketFlags::PROXIABLE, 'P'),
    (TicketFlags::PROXY, 'p'),
    (TicketFlags::MAY_POSTDATE, 'D'),
    (TicketFlags::POSTDATED, 'd'),
    (TicketFlags::RENEWABLE, 'R'),
    (TicketFlags::INITIAL, 'I'),
    (TicketFlags::INVALID, 'i'),
    (TicketFlags::HW_AUTHENT, 'H'),
    (TicketFlags::PRE_AUTHENT, 'A'),
    (TicketFlags::TRANSITED_POLICY_CHECKED, 'T'),
    (TicketFlags::OK_AS_DELEGATE, 'O'),
    (TicketFlags::ANONYMOUS, 'a'),
    (TicketFlags::ENC_PA_REP, 'e'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_their_zone_and_never_fail() {
        assert_eq!(time(KerberosTime(0), &TimeZone::UTC), "1970-01-01 00:00:00");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(time(KerberosTime(1_000_000_000), &east), "2001-09-09 03:46:40");
        assert_eq!(
            time(KerberosTime(i64::MAX), &TimeZone::UTC),
            "9223372036854775807 seconds since 1970"
        );
    }

    #[test]
    fn flags_are_letters_in_the_usual_order() {
        let flags = TicketFlags::INITIAL | TicketFlags::FORWARDABLE | TicketFlags::PRE_AUTHENT;
        assert_eq!(flag_letters(flags), "FIA");
        assert_eq!(flag_letters(TicketFlags::empty()), "");
    }

    #[test]
    fn unknown_enctypes_are_numbers() {
        assert_eq!(
            (enctype(18), enctype(-7)),
            ("aes256-cts-hmac-sha1-96".to_owned(), "-7".to_owned())
        );
    }
}
