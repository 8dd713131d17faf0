//! Bodies that were sent compressed. The signature is over what was sent, so they are unpacked here and not on the way.

use std::io::Read;

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use flate2::read::MultiGzDecoder;

/// The body as it was meant, of at most `limit` bytes; else what is wrong with it.
pub fn unpack(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, String> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or_default());
    match encoding {
        None | Some("identity") => Ok(body),
        Some("gzip") => {
            let mut unpacked = Vec::new();
            // One more than allowed: whether there is more shows by it.
            let mut reader = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1);
            reader.read_to_end(&mut unpacked).map_err(|error| format!("The request is not valid gzip: {error}"))?;
            if unpacked.len() > limit {
                return Err(format!("The request has more than {limit} bytes unpacked (setting glue_max_request)"));
            }
            Ok(unpacked.into())
        }
        Some(other) => Err(format!("Content-Encoding {other:?} is not known: gzip is, or none")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn bombs_are_not_unpacked() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'a'; 1 << 20]).unwrap();
        let packed = Bytes::from(encoder.finish().unwrap());
        let headers = HeaderMap::from_iter([(header::CONTENT_ENCODING, "gzip".parse().unwrap())]);
        assert_eq!(unpack(&headers, packed.clone(), 1 << 20).unwrap().len(), 1 << 20);
        assert!(unpack(&headers, packed.clone(), (1 << 20) - 1).unwrap_err().contains("more than"));
        assert!(unpack(&headers, packed.slice(..packed.len() / 2), 1 << 20).unwrap_err().contains("gzip"));
        assert!(unpack(&headers, Bytes::from_static(b"{}"), 1 << 20).unwrap_err().contains("gzip"));
        assert_eq!(unpack(&HeaderMap::new(), Bytes::from_static(b"{}"), 1).unwrap(), "{}");
    }
}
