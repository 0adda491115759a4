//! Names of caches and keytabs: a type and what it says.

/// `TYPE:rest` in its two parts; a path alone, which starts with a slash or has no colon, is of type `FILE`.
pub(crate) fn split(name: &str) -> (&str, &str) {
    match name.split_once(':') {
        Some(parts) if !name.starts_with('/') => parts,
        _ => ("FILE", name),
    }
}
