//! What protects a connection after DIGEST-MD5 (RFC 2831, 2.3 and 2.4): a code of each message and its number, and RC4 for
//! those who want that. It is what Hadoop's clients ask for; TLS is better.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

use super::md5;
use crate::hms::sasl::stream::Layer;

/// Of the code that is kept.
const CODE_BYTES: usize = 10;
/// What follows it: the kind of message, always 1, and the message's number.
const KIND: [u8; 2] = [0, 1];
const TAIL_BYTES: usize = CODE_BYTES + KIND.len() + 4;

/// One way of the connection.
#[derive(Debug)]
struct Way {
    key: [u8; 16],
    /// With a state that goes on from message to message; None protects against change only.
    cipher: Option<Rc4>,
    number: u32,
}

impl Way {
    fn new(secret: &[u8; 16], from: &str, to: &str, confidential: bool) -> Self {
        let signing = format!("Digest session key to {from}-to-{to} signing key magic constant");
        let sealing = format!("Digest H(A1) to {from}-to-{to} sealing key magic constant");
        let cipher = confidential.then(|| Rc4::new(&md5(&[secret, sealing.as_bytes()])));
        Self { key: md5(&[secret, signing.as_bytes()]), cipher, number: 0 }
    }

    fn code(&self, message: &[u8]) -> std::io::Result<Hmac<Md5>> {
        let mut code = Hmac::<Md5>::new_from_slice(&self.key).map_err(std::io::Error::other)?;
        code.update(&self.number.to_be_bytes());
        code.update(message);
        Ok(code)
    }
}

/// Both ways, as the server sees them.
#[derive(Debug)]
pub struct Protected {
    out: Way,
    back: Way,
    max_piece: usize,
}

impl Protected {
    /// `secret` is the hash of `A1`, `received` how many bytes of a protected message the client takes.
    pub fn new(secret: &[u8; 16], confidential: bool, received: usize) -> Self {
        Self {
            out: Way::new(secret, "server", "client", confidential),
            back: Way::new(secret, "client", "server", confidential),
            max_piece: received.saturating_sub(TAIL_BYTES),
        }
    }
}

impl Layer for Protected {
    fn max_piece(&self) -> usize {
        self.max_piece
    }

    fn wrap(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let way = &mut self.out;
        let code = way.code(bytes)?.finalize().into_bytes();
        let mut wrapped = [bytes, &code[..CODE_BYTES]].concat();
        if let Some(cipher) = &mut way.cipher {
            cipher.apply(&mut wrapped);
        }
        wrapped.extend_from_slice(&KIND);
        wrapped.extend_from_slice(&way.number.to_be_bytes());
        way.number = way.number.wrapping_add(1);
        Ok(wrapped)
    }

    fn unwrap(&mut self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let changed = || std::io::Error::other("a message was changed, left out or sent again on its way");
        let way = &mut self.back;
        let length = bytes.len().checked_sub(TAIL_BYTES).ok_or_else(changed)?;
        let (sealed, tail) = bytes.split_at(length + CODE_BYTES);
        if tail != [&KIND[..], &way.number.to_be_bytes()].concat() {
            return Err(changed());
        }
        let mut opened = sealed.to_vec();
        if let Some(cipher) = &mut way.cipher {
            cipher.apply(&mut opened);
        }
        let code = opened.split_off(length);
        way.code(&opened)?.verify_truncated_left(&code).map_err(|_| changed())?;
        way.number = way.number.wrapping_add(1);
        Ok(opened)
    }
}

/// The stream cipher that all clients have.
struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl std::fmt::Debug for Rc4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rc4")
    }
}

impl Rc4 {
    fn new(key: &[u8; 16]) -> Self {
        let mut state: [u8; 256] = std::array::from_fn(|at| at as u8);
        let mut j = 0u8;
        for at in 0..state.len() {
            j = j.wrapping_add(state[at]).wrapping_add(key[at % key.len()]);
            state.swap(at, j.into());
        }
        Self { state, i: 0, j: 0 }
    }

    fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.i = self.i.wrapping_add(1);
            let first = self.state[usize::from(self.i)];
            self.j = self.j.wrapping_add(first);
            let second = self.state[usize::from(self.j)];
            self.state.swap(self.i.into(), self.j.into());
            *byte ^= self.state[usize::from(first.wrapping_add(second))];
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6229, the key of 128 bits from 1 to 16.
    #[test]
    fn the_cipher_is_rc4() {
        let mut stream = [0; 32];
        Rc4::new(&std::array::from_fn(|at| at as u8 + 1)).apply(&mut stream);
        let expected = "9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c";
        assert_eq!(super::super::hex(&stream), expected);
    }

    /// A client is a server with its ways crossed.
    fn pair(confidential: bool) -> (Protected, Protected) {
        let server = Protected::new(&[7; 16], confidential, 65536);
        let Protected { out, back, max_piece } = Protected::new(&[7; 16], confidential, 65536);
        (server, Protected { out: back, back: out, max_piece })
    }

    #[test]
    fn what_was_changed_is_refused() {
        for confidential in [false, true] {
            let (mut server, mut client) = pair(confidential);
            let wrapped = client.wrap(b"hello").unwrap();
            assert_eq!(wrapped.windows(5).any(|part| part == b"hello"), !confidential);
            for at in 0..wrapped.len() {
                let mut changed = wrapped.clone();
                changed[at] ^= 1;
                assert!(pair(confidential).0.unwrap(&changed).is_err(), "{at}");
            }
            assert!(server.unwrap(&wrapped[..9]).is_err());
            assert_eq!(server.unwrap(&wrapped).unwrap(), b"hello");
            assert!(server.unwrap(&wrapped).is_err(), "a message comes once");
            let (mut server, mut client) = pair(confidential);
            client.wrap(b"first").unwrap();
            assert!(server.unwrap(&client.wrap(b"second").unwrap()).is_err(), "and in its order");
        }
    }

    proptest! {
        #[test]
        fn messages_come_through(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 1..5),
                                 confidential in any::<bool>()) {
            let (mut server, mut client) = pair(confidential);
            for message in messages {
                prop_assert_eq!(&server.unwrap(&client.wrap(&message).unwrap()).unwrap(), &message);
                prop_assert_eq!(&client.unwrap(&server.wrap(&message).unwrap()).unwrap(), &message);
            }
        }

        #[test]
        fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..60), confidential in any::<bool>()) {
            prop_assert!(pair(confidential).0.unwrap(&bytes).is_err());
        }
    }
}
