//! Thrift messages.

use std::io::Cursor;

use bytes::Bytes;
use propolis::hms::sasl::stream::SaslStream;
use propolis::hms::server::scan::Scanner;
use propolis_thrift::codec::{self, DecodeError, Protocol};
use tokio::io::AsyncReadExt;

use crate::harness::{Target, corpus};
use crate::mutation::Dice;

/// What the server's own tests have; requests are not larger here.
const LIMIT: usize = 1 << 20;
/// The codec's own: 16 MiB, and 32 for each byte of the message. Structs and texts come to less than a hundred more.
const MEMORY: (usize, usize) = (17 << 20, 150);

/// Requests that clients sent, in a protocol. The files hold the binary one, one request after the other.
pub fn requests(protocol: Protocol) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for mut stream in corpus("requests") {
        while !stream.is_empty() {
            let length = Scanner::new(Protocol::Binary, LIMIT).advance(&stream).unwrap().unwrap();
            requests.push(stream.drain(..length).collect::<Vec<u8>>());
        }
    }
    if protocol == Protocol::Compact {
        for request in &mut requests {
            // What is of no method that is known has no other form.
            if let Ok(call) = codec::decode_call(Protocol::Binary, Bytes::copy_from_slice(request)) {
                *request = codec::encode_call(protocol, call.seq, &call.request).unwrap().into_bytes().to_vec();
            }
        }
    }
    requests
}

/// The scanner finds the same end however the bytes come; the codec reads what it let through, and no more.
fn read(protocol: Protocol, input: &[u8]) -> String {
    let whole = Scanner::new(protocol, LIMIT).advance(input);
    let mut dice = Dice::new(input.len() as u64);
    let mut scanner = Scanner::new(protocol, LIMIT);
    let mut there = 0;
    let pieces = loop {
        match scanner.advance(&input[..there]) {
            Ok(None) if there < input.len() => there = (there + 1 + dice.below(input.len() / 3 + 1)).min(input.len()),
            other => break other,
        }
    };
    assert_eq!(pieces, whole);
    match whole {
        Ok(Some(length)) => decode(protocol, &input[..length]),
        // A frame brings what no scanner has seen.
        Ok(None) => decode(protocol, input) + " cut",
        Err(error) => format!("{error} {}", decode(protocol, input)),
    }
}

fn decode(protocol: Protocol, message: &[u8]) -> String {
    match codec::decode_call(protocol, Bytes::copy_from_slice(message)) {
        Ok(call) => {
            let written = codec::encode_call(protocol, call.seq, &call.request).unwrap().into_bytes();
            let again = codec::decode_call(protocol, written.clone()).unwrap();
            assert_eq!((again.name, again.seq), (call.name, call.seq));
            // Maps have no order; lengths tell nearly as much.
            let twice = codec::encode_call(protocol, again.seq, &again.request).unwrap().into_bytes();
            assert_eq!(twice.len(), written.len());
            format!("{} {}", call.name, written.len().ilog2())
        }
        Err(error) => {
            let message = error.to_string();
            let name = match &error {
                DecodeError::UnknownMethod { .. } => return "unknown method".to_owned(),
                DecodeError::Malformed { name, .. } => name.len().to_string(),
                DecodeError::NoMessage(_) => String::new(),
            };
            format!("{name} {}", message.rsplit(':').next().unwrap_or_default())
        }
    }
}

#[test]
fn binary() {
    let target = Target { name: "binary", longest: LIMIT, memory: MEMORY };
    target.run([requests(Protocol::Binary), corpus("binary")].concat(), |input| read(Protocol::Binary, input));
}

#[test]
fn compact() {
    let target = Target { name: "compact", longest: LIMIT, memory: MEMORY };
    target.run([requests(Protocol::Compact), corpus("compact")].concat(), |input| read(Protocol::Compact, input));
}

#[test]
fn replies() {
    let target = Target { name: "replies", longest: LIMIT, memory: MEMORY };
    target.run(requests(Protocol::Binary), |input| {
        ["get_table", "get_partitions", "get_aggr_stats_for"]
            .map(|method| match codec::decode_reply(Protocol::Binary, Bytes::copy_from_slice(input), method) {
                Ok(_) => "read".to_owned(),
                Err(error) => error.to_string().chars().take(20).collect(),
            })
            .concat()
    });
}

/// Frames after a login: what is in them comes out, and no more is kept than has come.
#[test]
fn frames() {
    let target = Target { name: "frames", longest: LIMIT, memory: (100 << 10, 10) };
    let frame = |request: Vec<u8>| [&(request.len() as u32).to_be_bytes()[..], &request].concat();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    target.run(requests(Protocol::Binary).into_iter().map(frame).collect(), |input| {
        let mut stream = SaslStream::new(Cursor::new(input.to_vec()), None, LIMIT);
        let mut taken = Vec::with_capacity(input.len());
        let end = runtime.block_on(stream.read_to_end(&mut taken));
        assert!(taken.len() <= input.len());
        format!("{end:?}")
    });
}
