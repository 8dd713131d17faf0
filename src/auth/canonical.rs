//! The canonical form of a request, which both sides hash: AWS' documentation, "Create a canonical request".

use std::borrow::Cow;

use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// In a path, slashes stay.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The canonical request with exactly these headers, whose names are in lower case.
pub fn request(parts: &Parts, signed_headers: &[String], body_hash: &str) -> Vec<u8> {
    // The path as sent is encoded already, and encoded once more, as for all services but S3.
    let path = utf8_percent_encode(parts.uri.path(), RESERVED_IN_PATH);
    let mut query: Vec<_> = query_pairs(parts.uri.query().unwrap_or_default())
        .into_iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| [name, value].map(|text| utf8_percent_encode(&text, RESERVED).to_string()))
        .collect();
    query.sort_unstable();
    let query: Vec<_> = query.into_iter().map(|pair| pair.join("=")).collect();
    let mut request = format!("{}\n{path}\n{}\n", parts.method, query.join("&")).into_bytes();
    for name in signed_headers {
        request.extend_from_slice(name.as_bytes());
        request.push(b':');
        for (index, value) in parts.headers.get_all(name).iter().enumerate() {
            if index > 0 {
                request.push(b',');
            }
            push_value(&mut request, value.as_bytes());
        }
        request.push(b'\n');
    }
    request.extend_from_slice(format!("\n{}\n{body_hash}", signed_headers.join(";")).as_bytes());
    request
}

/// The value without outer spaces, and with one for each run of inner ones.
fn push_value(request: &mut Vec<u8>, value: &[u8]) {
    for (index, word) in value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).enumerate() {
        if index > 0 {
            request.push(b' ');
        }
        request.extend_from_slice(word);
    }
}

/// The parameters of a query, decoded. A plus is a plus.
pub fn query_pairs(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let decode = |text| percent_decode_str(text).decode_utf8_lossy();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a lower-case hexadecimal text.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
