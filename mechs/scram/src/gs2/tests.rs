use proptest::prelude::*;

use super::*;

fn header(text: &str) -> Gs2Header {
    let (header, rest) = Gs2Header::parse(text).unwrap();
    assert_eq!(rest, "");
    assert_eq!(header.to_string(), text);
    header
}

#[test]
fn headers_are_read_and_written() {
    assert_eq!(header("n,,"), Gs2Header::unbound());
    assert_eq!(header("y,,").binding, Binding::NotOffered);
    assert_eq!(
        header("p=tls-exporter,,").binding,
        Binding::Channel("tls-exporter".to_owned())
    );
    assert_eq!(header("n,a=a=2Cb=3D,").authzid.as_deref(), Some("a,b="));
}

#[test]
fn malformed_headers_are_refused() {
    for bad in [
        "", "n", "n,", "x,,", "p,,", "p=,,", "p=a_b,,", "nn,,", "n,b=x,", "n,a=,", "n,a==,", "n,a=x", "F,n,,", "N,,",
        "y=,,",
    ] {
        assert_eq!(Gs2Header::parse(bad), Err(Gs2Error::Malformed), "{bad}");
    }
}

#[test]
fn an_initiator_that_was_told_that_there_are_no_channel_bindings_is_stopped() {
    assert_eq!(header("y,,").check(&["tls-exporter"]), Err(Gs2Error::Downgrade));
    assert_eq!(header("y,,").check(&[]), Ok(()));
    assert_eq!(header("n,,").check(&["tls-exporter"]), Ok(()));
    assert_eq!(header("p=tls-unique,,").check(&["tls-exporter"]), Err(Gs2Error::Type));
    assert_eq!(header("p=tls-unique,,").check(&["tls-exporter", "tls-unique"]), Ok(()));
}

#[test]
fn only_a_header_that_binds_a_channel_takes_its_data() {
    let data = |text| header(text).bindings(b"data").application_data;
    assert_eq!(data("n,,"), b"n,,");
    assert_eq!(data("y,a=x,"), b"y,a=x,");
    assert_eq!(data("p=tls-exporter,,"), b"p=tls-exporter,,data");
}

#[test]
fn first_messages_go_from_sasl_to_gss_and_back() {
    for hash in ScramHash::ALL {
        let message = b"y,a=admin,n=user,r=rOprNGfwEbeRWgbNEkqO";
        let (header, token) = from_sasl(hash, message).unwrap();
        assert_eq!(framing::parse(&token).unwrap(), (hash.oid(), &message[10..]));
        assert_eq!(to_sasl(&header, &token).unwrap(), message);
    }
    let unbound = Gs2Header::unbound();
    assert_eq!(to_sasl(&unbound, b"n=user,r=x"), Err(Gs2Error::Token));
    let foreign = framing::wrap(&gss_core::oid!("1.2.3"), b"n=user,r=x");
    assert_eq!(to_sasl(&unbound, &foreign), Err(Gs2Error::Token));
    assert_eq!(from_sasl(ScramHash::Sha1, b"n,,\xff").err(), Some(Gs2Error::Token));
    assert_eq!(
        from_sasl(ScramHash::Sha1, &vec![b','; 1 << 20]).err(),
        Some(Gs2Error::Token)
    );
}

proptest! {
    #[test]
    fn what_is_read_of_any_text_is_written_the_same(text in "[nypa=,2CD3x-]{0,24}") {
        if let Ok((header, rest)) = Gs2Header::parse(&text) {
            prop_assert_eq!(format!("{header}{rest}"), text);
        }
    }
}
