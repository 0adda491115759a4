use der::{Decode, Encode};
use proptest::prelude::*;

use super::*;

fn decode(text: &str) -> der::Result<KerberosTime> {
    let mut der = vec![0x18, text.len() as u8];
    der.extend(text.as_bytes());
    KerberosTime::from_der(&der)
}

#[test]
fn known_times_decode_and_are_shown() {
    for (text, seconds, shown) in [
        ("19700101000000Z", 0, "1970-01-01T00:00:00Z"),
        ("19940610060317Z", 771_228_197, "1994-06-10T06:03:17Z"),
        ("19000101000000Z", -2_208_988_800, "1900-01-01T00:00:00Z"),
        ("19691231235959Z", -1, "1969-12-31T23:59:59Z"),
        ("20000229120000Z", 951_825_600, "2000-02-29T12:00:00Z"),
        ("20380119031408Z", 2_147_483_648, "2038-01-19T03:14:08Z"),
        ("20370913024805Z", 2_136_422_885, "2037-09-13T02:48:05Z"),
        ("21000914024805Z", 4_124_573_285, "2100-09-14T02:48:05Z"),
        ("21060207062816Z", 4_294_967_296, "2106-02-07T06:28:16Z"),
        ("99991231235959Z", 253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        let time = decode(text).unwrap();
        assert_eq!(time.seconds(), seconds, "{text}");
        assert_eq!(time.to_string(), shown);
        assert_eq!(&time.to_der().unwrap()[2..], text.as_bytes());
    }
}

#[test]
fn a2_only_the_one_form_is_taken() {
    for text in [
        "",
        "Z",
        "1994061006031Z",
        "199406100603170Z",
        "19940610060317",
        "19940610060317z",
        "19940610060317+",
        "19940610060317.5Z",
        "19940610060317+0000",
        "19940610060317-0100",
        "1994061006031 Z",
        " 9940610060317Z",
        "19940610060317ZZ",
        "19940010060317Z",
        "19941310060317Z",
        "19940600060317Z",
        "19940631060317Z",
        "19940632060317Z",
        "19940229060317Z",
        "19000229060317Z",
        "21000229060317Z",
        "19940610240317Z",
        "19940610066017Z",
        "19940610060360Z",
        "19940610060361Z",
        "18991231235959Z",
        "00000101000000Z",
        "+9940610060317Z",
        "-9940610060317Z",
        "1994061006031aZ",
        "9406100603Z",
        "940610060317Z",
        "１９９４０６１Z",
    ] {
        assert!(decode(text).is_err(), "{text:?}");
    }
}

#[test]
fn times_out_of_range_are_not_encoded() {
    assert!(KerberosTime(KerberosTime::MIN.0 - 1).to_der().is_err());
    assert!(KerberosTime(KerberosTime::MAX.0 + 1).to_der().is_err());
    assert!(KerberosTime(i64::MAX).to_der().is_err());
    assert_eq!(
        KerberosTime(i64::MIN).to_string(),
        "-9223372036854775808 seconds since 1970"
    );
}

#[test]
fn arithmetic_saturates() {
    assert_eq!(KerberosTime(i64::MAX).plus(Duration::MAX), KerberosTime::MAX);
    assert_eq!(KerberosTime(i64::MIN).offset(i64::MIN), KerberosTime::MIN);
    assert_eq!(KerberosTime(i64::MAX).since(KerberosTime(i64::MIN)), i64::MAX);
    let seventy_years = 70 * 365 * 86_400;
    assert_eq!(
        KerberosTime(0).offset(-seventy_years).since(KerberosTime(0)),
        -seventy_years
    );
}

#[test]
fn microseconds_stop_short_of_a_second() {
    assert_eq!(Microseconds::new(999_999).map(Microseconds::get), Some(999_999));
    assert_eq!(Microseconds::new(1_000_000), None);
    assert!(Microseconds::from_der(&[2, 3, 0x0f, 0x42, 0x3f]).is_ok());
    assert!(Microseconds::from_der(&[2, 3, 0x0f, 0x42, 0x40]).is_err());
    assert!(Microseconds::from_der(&[2, 1, 0xff]).is_err());
}

#[test]
fn a_timestamp_carries_whole_seconds() {
    assert_eq!(
        Timestamp::new(KerberosTime(1), 2_500_000),
        Timestamp {
            time: KerberosTime(3),
            micros: 500_000
        }
    );
    let since_1970 = Duration::new(7, 123_456_789);
    assert_eq!(
        Timestamp::from_unix(since_1970),
        Timestamp {
            time: KerberosTime(7),
            micros: 123_456
        }
    );
    assert_eq!(
        Timestamp::from(UNIX_EPOCH - Duration::from_secs(9)),
        Timestamp::default()
    );
}

proptest! {
    #[test]
    fn every_time_round_trips(seconds in KerberosTime::MIN.0..=KerberosTime::MAX.0) {
        let time = KerberosTime(seconds);
        prop_assert_eq!(KerberosTime::from_der(&time.to_der().unwrap()).unwrap(), time);
    }

    #[test]
    fn any_text_is_refused_or_round_trips(text in "[0-9Z]{13,16}") {
        if let Ok(time) = decode(&text) {
            prop_assert_eq!(&time.to_der().unwrap()[2..], text.as_bytes());
        }
    }
}
