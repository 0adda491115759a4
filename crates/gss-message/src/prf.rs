use krb5_message::crypto::{Error, Key, Zeroizing};

/// Fills `out` by RFC 4402 §2 as RFC 7802 §2 corrects it: `PRF(key, 0 ‖ input) ‖ PRF(key, 1 ‖ input) ‖ …`, the counters
/// being 32 bits, big-endian.
///
/// # Errors
/// Those of [`Key::prf`].
pub fn pseudo_random(key: &Key, input: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let mut numbered = [&[0; 4], input].concat();
    for (counter, part) in (0_u32..).zip(out.chunks_mut(key.enctype().prf_len())) {
        if let Some(front) = numbered.first_chunk_mut::<4>() {
            *front = counter.to_be_bytes();
        }
        let octets = Zeroizing::new(key.prf(&numbered)?);
        part.iter_mut().zip(octets.iter()).for_each(|(to, from)| *to = *from);
    }
    Ok(())
}
