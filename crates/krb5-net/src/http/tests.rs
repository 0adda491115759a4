use super::*;

/// The body, however the response is cut into pieces.
fn read(response: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let whole = ResponseReader::default().push(response);
    for cut in 0..response.len() {
        let (first, second) = response.split_at(cut);
        let mut reader = ResponseReader::default();
        let body = match reader.push(first) {
            Ok(None) => reader.push(second),
            early => early,
        };
        assert_eq!(format!("{body:?}"), format!("{whole:?}"), "cut at {cut}");
    }
    whole
}

fn body(response: &str) -> Vec<u8> {
    read(response.as_bytes()).unwrap().expect("a whole body")
}

#[test]
fn i73_a_request_is_a_post_of_kerberos_to_the_host() {
    let request = request("proxy.example:444", "/KdcProxy", b"abc").unwrap();
    let text = String::from_utf8(request).unwrap();
    assert!(
        text.starts_with("POST /KdcProxy HTTP/1.1\r\nHost: proxy.example:444\r\n"),
        "{text}"
    );
    assert!(
        text.contains("\r\nContent-Type: application/kerberos\r\nContent-Length: 3\r\n"),
        "{text}"
    );
    assert!(text.ends_with("\r\n\r\nabc"), "{text}");
}

#[test]
fn a_path_cannot_smuggle_another_header_in() {
    for path in ["", "KdcProxy", "/a b", "/a\r\nX: y", "/\0", "/\u{e9}"] {
        assert!(request("proxy", path, b"").is_none(), "{path:?}");
    }
}

#[test]
fn a_body_ends_where_its_length_says() {
    assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), b"abc");
    assert_eq!(body("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"), b"");
    assert_eq!(
        body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab"),
        b"ab"
    );
}

#[test]
fn q22_a_chunked_body_is_put_together() {
    let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
    assert_eq!(body(response), b"abcd");
}

#[test]
fn q22_without_a_length_the_end_of_the_connection_ends_the_body() {
    let mut reader = ResponseReader::default();
    assert!(reader.push(b"HTTP/1.0 200 OK\r\n\r\nabc").unwrap().is_none());
    assert_eq!(reader.closed(), Some(b"abc".to_vec()));
    let mut reader = ResponseReader::default();
    assert!(
        reader
            .push(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc")
            .unwrap()
            .is_none()
    );
    assert_eq!(reader.closed(), None);
}

#[test]
fn q22_interim_responses_are_passed_over_and_other_statuses_are_failures() {
    assert_eq!(
        body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
        b"a"
    );
    for status in [101, 204, 206, 301, 302, 307, 401, 403, 404, 500, 503] {
        let response = format!("HTTP/1.1 {status} X\r\nLocation: https://other.example/\r\nContent-Length: 0\r\n\r\n");
        let result = read(response.as_bytes());
        assert!(
            matches!(result, Err(Failure::HttpStatus(told)) if told == status),
            "{result:?}"
        );
    }
}

#[test]
fn q22_a_body_beyond_the_limit_is_refused_as_soon_as_it_is_announced() {
    for length in [LIMIT + 1, usize::MAX] {
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        assert!(matches!(read(response.as_bytes()), Err(Failure::TooLong(_))));
        let response = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n");
        assert!(matches!(read(response.as_bytes()), Err(Failure::TooLong(_))));
    }
    let mut reader = ResponseReader::default();
    assert!(reader.push(b"HTTP/1.1 200 OK\r\n\r\n").unwrap().is_none());
    assert!(reader.push(&vec![0; LIMIT]).unwrap().is_none());
    assert!(matches!(reader.push(&[0]), Err(Failure::TooLong(_))));
}

#[test]
fn q22_what_is_no_response_or_says_two_things_is_garbage() {
    for head in [
        "HTTP/2 200\r\n",
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n",
    ] {
        let result = read(format!("{head}\r\na").as_bytes());
        assert!(matches!(result, Err(Failure::Garbage)), "{head:?} {result:?}");
    }
    for chunks in ["x\r\n", "1\r\nabc\r\n", "11111111111111111\r\n"] {
        let response = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        assert!(read(response.as_bytes()).is_err(), "{chunks:?}");
    }
}

#[test]
fn q22_a_head_or_a_chunk_that_never_ends_is_given_up() {
    let mut reader = ResponseReader::default();
    let mut result = reader.push(b"HTTP/1.1 200 OK\r\nX: ");
    for _ in 0..=HEAD_LIMIT / 64 {
        assert!(matches!(result, Ok(None)));
        result = reader.push(&[b'x'; 64]);
        if result.is_err() {
            break;
        }
    }
    assert!(matches!(result, Err(Failure::Garbage)));
    let mut reader = ResponseReader::default();
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;";
    assert!(reader.push(head.as_bytes()).unwrap().is_none());
    assert!(reader.push(&[b'x'; CHUNK_HEAD_LIMIT]).is_err());
}
