//! Names inside messages, RFC 5802 §5.1: `,` is `=2C` and `=` is `=3D`.

use super::MessageError;

/// `name` as it stands in a message.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// The name that `escaped` has written. An equals sign that escapes nothing must end the exchange.
pub(crate) fn unescaped(text: &str) -> Result<String, MessageError> {
    let mut parts = text.split('=');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (character, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(MessageError::Saslname),
        };
        name.push(character);
        name.push_str(rest);
    }
    if name.is_empty() {
        return Err(MessageError::Saslname);
    }
    Ok(name)
}
