//! Delegation tokens as texts that Hadoop's clients pass on: Base64 of its `Writable` form of identifier, password,
//! kind and service.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use crate::config::Secret;
use crate::model::DelegationToken;

/// What Hive's clients look for among a user's tokens.
const KIND: &[u8] = b"HIVE_DELEGATION_TOKEN";
/// Of the identifier's form.
const VERSION: u8 = 0;
/// No key is shared by tokens here.
const MASTER_KEY_ID: i64 = 0;
const MAX_TEXT: usize = 16 << 10;

/// A token with its password, which is Base64, for the caller to pass on. The service is left to them.
pub fn encode(token: &DelegationToken, password: &Secret) -> String {
    let mut bytes = Vec::new();
    put_bytes(&mut bytes, &identifier(token));
    // What is issued here is Base64.
    put_bytes(&mut bytes, &BASE64_STANDARD.decode(password.reveal()).unwrap_or_default());
    put_bytes(&mut bytes, KIND);
    put_bytes(&mut bytes, b"");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What [`encode`] made, whichever the service has become; None where it is something else.
pub fn decode(text: &str) -> Option<(DelegationToken, Secret)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches(['=', '\r', '\n'])).ok();
    let bytes = bytes.filter(|bytes| bytes.len() <= MAX_TEXT)?;
    let mut bytes = &bytes[..];
    let token = parse_identifier(take_bytes(&mut bytes)?)?;
    let password = Secret::new(BASE64_STANDARD.encode(take_bytes(&mut bytes)?));
    Some((token, password))
}

/// The token that a user name of DIGEST-MD5 means.
pub fn decode_user_name(name: &str) -> Option<DelegationToken> {
    parse_identifier(&BASE64_STANDARD.decode(name).ok()?)
}

fn identifier(token: &DelegationToken) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for name in [&token.owner_name, &token.renewer_name, &token.real_user_name] {
        put_bytes(&mut bytes, name.as_bytes());
    }
    for number in [token.issued_at, token.max_at, token.sequence_number.into(), MASTER_KEY_ID] {
        put_number(&mut bytes, number);
    }
    bytes
}

/// An identifier says nothing of renewals.
fn parse_identifier(bytes: &[u8]) -> Option<DelegationToken> {
    let (version, mut bytes) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    let mut name = || Some(std::str::from_utf8(take_bytes(&mut bytes)?).ok()?.to_owned());
    let (owner_name, renewer_name, real_user_name) = (name()?, name()?, name()?);
    let mut number = || take_number(&mut bytes);
    let (issued_at, max_at, sequence_number, _) = (number()?, number()?, number()?, number()?);
    bytes.is_empty().then_some(())?;
    let sequence_number = i32::try_from(sequence_number).ok()?;
    Some(DelegationToken {
        sequence_number,
        owner_name,
        renewer_name,
        real_user_name,
        issued_at,
        max_at,
        renewed_until: 0,
    })
}

fn put_bytes(into: &mut Vec<u8>, bytes: &[u8]) {
    put_number(into, bytes.len() as i64);
    into.extend_from_slice(bytes);
}

fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(from)?).ok()?;
    let (bytes, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(bytes)
}

/// `WritableUtils.writeVLong`: small numbers are one byte, others a byte that tells sign and length, then the number.
fn put_number(into: &mut Vec<u8>, number: i64) {
    if (-112..=127).contains(&number) {
        into.push(number as u8);
        return;
    }
    let (head, magnitude) = if number < 0 { (-120i8, !number) } else { (-112, number) };
    let bytes = magnitude.to_be_bytes();
    let length = 8 - magnitude.leading_zeros() as usize / 8;
    into.push((head - length as i8) as u8);
    into.extend_from_slice(&bytes[8 - length..]);
}

fn take_number(from: &mut &[u8]) -> Option<i64> {
    let (head, rest) = from.split_first()?;
    let head = *head as i8;
    let (negative, length) = match head {
        -112..=127 => {
            *from = rest;
            return Some(head.into());
        }
        -120..=-113 => (false, -112 - head),
        _ => (true, -120 - head),
    };
    let (bytes, rest) = rest.split_at_checked(length as usize)?;
    *from = rest;
    let magnitude = bytes.iter().fold(0i64, |number, byte| number << 8 | i64::from(*byte));
    Some(if negative { !magnitude } else { magnitude })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<i64>(), small in -300..300i64) {
            for number in [number, small, number >> 32] {
                let mut bytes = Vec::new();
                put_number(&mut bytes, number);
                let mut rest = &bytes[..];
                prop_assert_eq!(take_number(&mut rest), Some(number));
                prop_assert!(rest.is_empty());
            }
        }

        #[test]
        fn tokens_come_back(names in any::<[String; 3]>(), times in any::<[i64; 2]>(), sequence_number in any::<i32>()) {
            let [owner_name, renewer_name, real_user_name] = names;
            let [issued_at, max_at] = times;
            let token = DelegationToken {
                sequence_number, owner_name, renewer_name, real_user_name, issued_at, max_at, renewed_until: 0,
            };
            let password = Secret::new(BASE64_STANDARD.encode([7; 20]));
            prop_assert_eq!(decode(&encode(&token, &password)), Some((token.clone(), password)));
            prop_assert_eq!(decode_user_name(&BASE64_STANDARD.encode(identifier(&token))), Some(token));
        }

        #[test]
        fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(&BASE64_URL_SAFE_NO_PAD.encode(&bytes));
            let _ = parse_identifier(&bytes);
        }
    }

    /// Numbers as Hadoop's own code writes them.
    #[test]
    fn numbers_are_hadoops() {
        let written = |number| {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            bytes
        };
        assert_eq!(written(127), [0x7f]);
        assert_eq!(written(-112), [0x90]);
        assert_eq!(written(128), [0x8f, 0x80]);
        assert_eq!(written(-113), [0x87, 0x70]);
        assert_eq!(written(1_700_000_000_000), [0x8a, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00]);
        assert_eq!(written(i64::MIN), [0x80, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    }
}
