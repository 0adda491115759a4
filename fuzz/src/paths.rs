//! The ways between realms, and the realms that a ticket has passed through.

use krb5_proto::Realm;
use krb5_proto::messages::TransitedEncoding;
use krb5_proto::realms::transited::{DOMAIN_X500_COMPRESS, TransitedFault, check, decode, encode};
use krb5_proto::realms::{CaPaths, MAX_PATH};
use krb5_store::config::Settings;

/// Two realms, a line each, and the field of a ticket that lists those between, RFC 4120 §3.3.3.2.
///
/// Few realms come of it, none twice and none without a name; written in full they are read as the same; and the check
/// passes if and only if all of them are on the path.
pub fn transited(input: &[u8]) {
    let mut parts = input.splitn(3, |octet| *octet == b'\n');
    let (Some(client), Some(server), Some(contents)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let [client, server] = [client, server].map(Realm::from);
    let field = TransitedEncoding {
        tr_type: DOMAIN_X500_COMPRESS,
        contents: contents.into(),
    };
    let paths = CaPaths::default();
    let checked = check(&field, &client, &server, &paths);
    let realms = match decode(&field, &client, &server) {
        Ok(realms) => realms,
        Err(fault) => return assert_eq!(checked, Err(fault), "malformed, and checked"),
    };
    let longest = client.len().max(server.len()).max(LONGEST);
    assert!(realms.len() <= MAX_PATH, "{} realms", realms.len());
    for (index, realm) in realms.iter().enumerate() {
        assert!(!realm.is_empty() && realm.len() <= longest, "{} octets", realm.len());
        assert!(!realms[..index].contains(realm), "{realm} twice");
    }
    if realms.iter().all(|realm| realm.len() <= LONGEST) {
        let again = decode(&encode(&realms), &client, &server);
        assert!(again.as_ref() == Ok(&realms), "{realms:?} becomes {again:?}");
    }
    let path = paths.path(&client, &server);
    match realms.into_iter().find(|realm| !path.contains(realm)) {
        None => assert_eq!(checked, Ok(())),
        Some(stranger) => assert_eq!(checked, Err(TransitedFault::Untrusted(stranger))),
    }
}

/// Two realms in the first line, and what is configured in `[capaths]` in the others.
///
/// Every way is bounded and leads from the one to the other; a ticket that has passed through all of it is accepted,
/// and with any other realm on its list it is not.
pub fn capaths(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (realms, ways) = text.split_once('\n').unwrap_or((&text, ""));
    let (client, server) = realms.split_once(' ').unwrap_or((realms, "SERVER.TEST"));
    let Ok(settings) = Settings::parse(&format!("[capaths]\n{ways}")) else {
        return;
    };
    let paths = settings.capaths();
    let [client, server] = [client, server].map(Realm::from);
    walk(&paths, &client, &server);
    for (client, server, _) in paths.configured().take(SOME) {
        walk(&paths, client, server);
        walk(&paths, server, client);
    }
}

fn walk(paths: &CaPaths, client: &Realm, server: &Realm) {
    let path = paths.path(client, server);
    assert!(path.len() <= MAX_PATH + 2, "{} realms", path.len());
    assert!(path.first() == Some(client) && path.last() == Some(server));
    let between = paths.between(client, server);
    let readable = between.iter().all(|realm| !realm.is_empty() && realm.len() <= LONGEST);
    if !readable {
        return;
    }
    let distinct = distinct(&between);
    assert_eq!(check(&encode(&distinct), client, server, paths), Ok(()));
    let stranger = Realm::from("NOBODY KNOWS IT");
    if !path.contains(&stranger) && distinct.len() < MAX_PATH {
        let listed = [distinct, vec![stranger.clone()]].concat();
        assert_eq!(
            check(&encode(&listed), client, server, paths),
            Err(TransitedFault::Untrusted(stranger))
        );
    }
}

fn distinct(realms: &[Realm]) -> Vec<Realm> {
    let mut seen: Vec<Realm> = Vec::new();
    for realm in realms {
        if !seen.contains(realm) {
            seen.push(realm.clone());
        }
    }
    seen
}

/// The longest name that is read from a ticket, in octets.
const LONGEST: usize = 1000;
/// Ways that are walked of one configuration.
const SOME: usize = 16;
