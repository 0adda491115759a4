//! Lines of bounded length from a stream.

use std::io::{self, BufRead};

/// A line of input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its octets, without the line end (LF or CR LF).
    Text(Vec<u8>),
    /// It was longer than the limit; all of it has been read and dropped.
    TooLong,
}

/// The next line of `input`, or `None` at its end. A last line may lack its line end.
///
/// Never holds more than `limit` octets; `limit` does not count the line end.
pub(super) fn next_line(input: &mut dyn BufRead, limit: usize) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut length = 0_usize;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok((length > 0).then(|| finished(line, length, limit)));
        }
        let end = available.iter().position(|&octet| octet == b'\n');
        let (piece, used) = match end.and_then(|at| Some((available.get(..at)?, at.checked_add(1)?))) {
            Some(found) => found,
            None => (available, available.len()),
        };
        length = length.saturating_add(piece.len());
        // One octet more than the limit may be kept, since it may be the CR of the line end.
        let room = limit.saturating_add(1).saturating_sub(line.len());
        line.extend(piece.iter().take(room));
        input.consume(used);
        if end.is_some() {
            return Ok(Some(finished(line, length, limit)));
        }
    }
}

fn finished(mut line: Vec<u8>, length: usize, limit: usize) -> Line {
    if line.len() == length && line.last() == Some(&b'\r') {
        line.pop();
    }
    if length > limit.saturating_add(1) || line.len() > limit {
        Line::TooLong
    } else {
        Line::Text(line)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn all(input: &[u8], limit: usize, buffer: usize) -> Vec<Line> {
        let mut reader = BufReader::with_capacity(buffer, input);
        std::iter::from_fn(|| next_line(&mut reader, limit).unwrap()).collect()
    }

    fn text(line: &str) -> Line {
        Line::Text(line.as_bytes().to_vec())
    }

    #[test]
    fn lines_end_with_lf_or_cr_lf_or_the_input() {
        assert_eq!(all(b"a\nbc\r\n\nd", 8, 3), [text("a"), text("bc"), text(""), text("d")]);
    }

    #[test]
    fn a_line_of_the_limit_passes_and_one_octet_more_does_not() {
        assert_eq!(
            all(b"abcd\nabcde\nab\nabcd\r\nabcdeX\r", 4, 2),
            [text("abcd"), Line::TooLong, text("ab"), text("abcd"), Line::TooLong]
        );
    }

    #[test]
    fn an_endless_line_is_dropped_without_being_held() {
        let mut input = BufReader::new(io::Read::take(io::repeat(b'x'), 50_000_000));
        assert_eq!(next_line(&mut input, 10).unwrap(), Some(Line::TooLong));
        assert_eq!(next_line(&mut input, 10).unwrap(), None);
    }

    proptest! {
        #[test]
        fn lines_come_back_as_they_were_joined(lines in prop::collection::vec("[a-z]{0,9}", 0..9), buffer in 1_usize..20) {
            let joined: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let expected: Vec<Line> =
                lines.iter().map(|line| if line.len() > 5 { Line::TooLong } else { text(line) }).collect();
            prop_assert_eq!(all(joined.as_bytes(), 5, buffer), expected);
        }
    }
}
