//! One HTTP/1.1 request (RFC 9112), and its response within bounds. The connection is used once.

use std::io;

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::url::Url;

/// The maximum size of a response's body.
pub(super) const BODY_BYTES_MAX: usize = 64 << 10;
/// The maximum size of status line and header fields.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// The maximum number of header fields.
const FIELDS_MAX: usize = 64;

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// The framing of a body (RFC 9112, section 6.3).
enum Framing {
    Length(usize),
    Chunks,
    Close,
}

/// A POST request with a form.
pub(super) fn request(url: &Url, authorization: &str, form: &str) -> Zeroizing<Vec<u8>> {
    let (host, target, length) = (url.endpoint(), url.target(), form.len());
    let text = format!(
        "POST {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nAccept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\n\
         Connection: close\r\n\r\n{form}"
    );
    Zeroizing::new(text.into_bytes())
}

/// Sends a request and reads the response. Only the bodies of 200 and 201 are read; no other body is used.
pub(super) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    request: &[u8],
) -> io::Result<Response> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut received = Zeroizing::new(Vec::with_capacity(HEAD_BYTES_MAX));
    let (head, status, framing) = loop {
        if let Some(found) = head(&received)? {
            break found;
        }
        if received.len() >= HEAD_BYTES_MAX {
            return Err(bad("its response has too many headers"));
        }
        if !more(stream, &mut received, HEAD_BYTES_MAX).await? {
            return Err(bad("it closed the connection before its response"));
        }
    };
    if !matches!(status, 200 | 201) {
        return Ok(Response { status, body: Zeroizing::default() });
    }
    if matches!(framing, Framing::Length(length) if length > BODY_BYTES_MAX) {
        return Err(bad("its response is longer than 64 KiB"));
    }
    let most = head + BODY_BYTES_MAX;
    loop {
        if let Some(body) = body(received.get(head..).unwrap_or_default(), &framing)? {
            return Ok(Response { status, body });
        }
        if received.len() > most {
            return Err(bad("its response is longer than 64 KiB"));
        }
        // One byte more than allowed, so that a body of exactly the maximum is accepted.
        if !more(stream, &mut received, most + 1).await? {
            return match framing {
                Framing::Close => Ok(Response { status, body: Zeroizing::new(received.split_off(head)) }),
                Framing::Length(_) | Framing::Chunks => {
                    Err(bad("it closed the connection within its response"))
                }
            };
        }
    }
}

/// Reads once. Returns false at the end of the stream.
async fn more<S: AsyncRead + Unpin>(stream: &mut S, received: &mut Vec<u8>, most: usize) -> io::Result<bool> {
    let mut space = Zeroizing::new([0; 4096]);
    let room = most.saturating_sub(received.len()).min(space.len());
    let count = match stream.read(space.get_mut(..room).unwrap_or_default()).await {
        Ok(count) => count,
        // Many servers close the connection without a TLS close_notify; the framing detects a truncated body.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
        Err(error) => return Err(error),
    };
    received.extend_from_slice(space.get(..count).unwrap_or_default());
    Ok(count > 0)
}

/// The length of the head, the status and the framing; none while the head is not whole.
fn head(received: &[u8]) -> io::Result<Option<(usize, u16, Framing)>> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(bad("its response is not HTTP")),
    };
    let field = |name: &str| {
        let mut found = response.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        (found.next().map(|field| field.value), found.next().is_some())
    };
    let framing = match (field("transfer-encoding"), field("content-length")) {
        ((Some(coding), false), (None, _)) if coding.eq_ignore_ascii_case(b"chunked") => Framing::Chunks,
        ((None, _), (Some(length), false)) => {
            let length = std::str::from_utf8(length).ok().and_then(|length| length.trim().parse().ok());
            Framing::Length(length.ok_or_else(|| bad("its response has an invalid length"))?)
        }
        ((None, _), (None, _)) => Framing::Close,
        // Two lengths, or a length and chunks: request smuggling (RFC 9112, section 11.2).
        _ => return Err(bad("its response has an invalid length")),
    };
    Ok(Some((length, response.code.unwrap_or_default(), framing)))
}

/// The body, once it is complete.
fn body(received: &[u8], framing: &Framing) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    match framing {
        Framing::Close => Ok(None),
        Framing::Length(length) => Ok(received.get(..*length).map(|body| Zeroizing::new(body.to_vec()))),
        Framing::Chunks => chunks(received),
    }
}

/// The content of chunks (RFC 9112, section 7.1), once the last one was received. Trailers are ignored.
fn chunks(mut rest: &[u8]) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let invalid = || bad("its response has invalid chunks");
    let mut body = Zeroizing::new(Vec::with_capacity(rest.len()));
    loop {
        let (begin, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(invalid()),
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).ok().filter(|size| *size <= BODY_BYTES_MAX).ok_or_else(invalid)?;
        let Some(chunk) = rest.get(begin..begin + size) else { return Ok(None) };
        body.extend_from_slice(chunk);
        match rest.get(begin + size..begin + size + 2) {
            Some(b"\r\n") => rest = rest.get(begin + size + 2..).unwrap_or_default(),
            Some(_) => return Err(invalid()),
            None => return Ok(None),
        }
    }
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    /// The parsed form of a response that is received in parts of `step` bytes.
    async fn exchanged(response: &[u8], step: usize) -> Result<(u16, Vec<u8>), String> {
        let (mut ours, mut theirs) = duplex(1 << 20);
        let response = response.to_vec();
        let serve = tokio::spawn(async move {
            let mut request = [0; 3];
            theirs.read_exact(&mut request).await.unwrap();
            for part in response.chunks(step) {
                if theirs.write_all(part).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        });
        let response = exchange(&mut ours, b"GET").await.map_err(|error| error.to_string());
        drop(ours);
        serve.await.unwrap();
        response.map(|response| (response.status, response.body.to_vec()))
    }

    async fn check(response: &str, expected: Result<(u16, &str), &str>) {
        for step in [1, 7, usize::MAX] {
            let found = exchanged(response.as_bytes(), step).await;
            let found = found.map(|(status, body)| (status, String::from_utf8(body).unwrap()));
            match (&found, expected) {
                (Ok((status, body)), Ok((code, text))) => assert_eq!((*status, body.as_str()), (code, text)),
                (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
                _ => panic!("{found:?}, and not {expected:?}"),
            }
        }
    }

    #[tokio::test]
    async fn every_framing_is_read() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more", Ok((200, "{}"))).await;
        check("HTTP/1.1 201 Created\r\nx: y\r\n\r\n{}", Ok((201, "{}"))).await;
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
        check(chunked, Ok((200, "{}"))).await;
        check("HTTP/1.1 401 Unauthorized\r\nContent-Length: 999999\r\n\r\nhunter2", Ok((401, ""))).await;
    }

    #[tokio::test]
    async fn invalid_responses_are_rejected() {
        let cases = [
            ("SSH-2.0-OpenSSH_9.9\r\n", "not HTTP"),
            ("", "before its response"),
            ("HTTP/1.1 200 OK\r\n", "before its response"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", "within its response"),
            ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}", "invalid length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", "invalid length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "invalid length"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                "invalid length",
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}", "invalid length"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "invalid chunks"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{x\r\n", "invalid chunks"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", "invalid chunks"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "within its response"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", "longer than 64 KiB"),
        ];
        for (response, expected) in cases {
            check(response, Err(expected)).await;
        }
    }

    #[tokio::test]
    async fn endless_responses_are_rejected() {
        let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(200_000));
        assert!(exchanged(endless.as_bytes(), 9999).await.unwrap_err().contains("64 KiB"));
        let most = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(BODY_BYTES_MAX));
        assert_eq!(exchanged(most.as_bytes(), 9999).await.unwrap().1.len(), BODY_BYTES_MAX);
        let headers = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(200_000));
        assert!(exchanged(headers.as_bytes(), 9999).await.unwrap_err().contains("too many headers"));
        let chunks = "1\r\nx\r\n".repeat(50_000);
        let chunks = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
        assert!(exchanged(chunks.as_bytes(), 9999).await.unwrap_err().contains("64 KiB"));
    }
}
