//! DIGEST-MD5 (RFC 2831), as delegation tokens are presented: the user name is the token's identifier in Base64, the
//! password its password.

mod layer;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest as _, Md5};

use self::layer::Protected;
use super::stream::Layer;
use super::{Step, refusal, token};
use crate::auth::login::Login;
use crate::config::{Protection, Protections, Secret};
use crate::error::CatalogError;
use crate::vault::random;

/// What Hadoop's clients expect; what they answer is taken as it is, since a token is good in every realm.
const REALM: &str = "default";
const NONCE_BYTES: usize = 24;
/// A response has some ten short directives, and an identifier.
const MAX_RESPONSE: usize = 16 << 10;

/// What a client takes of a protected message unless it says otherwise, and the least and most that it may say.
const RECEIVED: usize = 64 << 10;
const RECEIVED_BYTES: std::ops::RangeInclusive<usize> = 1 << 10..=0xff_ffff;

/// An exchange under way.
pub struct Digest {
    nonce: String,
    offered: Vec<Protection>,
    challenged: bool,
}

impl Digest {
    pub fn new(protections: &Protections) -> Result<Self, CatalogError> {
        let nonce = BASE64_STANDARD.encode(random::<NONCE_BYTES>()?);
        Ok(Self { nonce, offered: protections.0.clone(), challenged: false })
    }

    pub async fn step(&mut self, login: &Login, response: &[u8]) -> Result<Step, CatalogError> {
        if !self.challenged {
            self.challenged = true;
            return Ok(Step::Challenge(self.challenge().into_bytes()));
        }
        let response = Response::parse(response).ok_or_else(|| refusal("DIGEST-MD5: the response cannot be read"))?;
        if response.nonce != self.nonce || response.nc != "00000001" {
            return Err(refusal("DIGEST-MD5: the response is to another challenge"));
        }
        let protection = self.offered.iter().find(|offered| qop(**offered) == response.qop).ok_or_else(|| {
            refusal("DIGEST-MD5: the quality of protection is none of those offered (setting sasl_protection)")
        })?;
        if *protection == Protection::Privacy && response.cipher != "rc4" {
            return Err(refusal("DIGEST-MD5: the cipher is not the one offered"));
        }
        let received = response.received().ok_or_else(|| refusal("DIGEST-MD5: maxbuf is out of its range"))?;
        if !response.authzid.is_empty() && response.authzid != response.username {
            return Err(refusal("DIGEST-MD5: a token is good for its owner only"));
        }
        let presented = token::decode_user_name(&response.username);
        let presented = presented.ok_or_else(|| refusal("DIGEST-MD5: the user name is not that of a token"))?;
        let (who, password) = login.token(&presented).await?;
        let proof = |prefix| response.proof(&password, prefix);
        // Both are hashes of what nobody else knows: time tells nothing of use.
        if proof("AUTHENTICATE") != response.response {
            return Err(refusal("DIGEST-MD5: the password of the token is wrong"));
        }
        let protected = |confidential| {
            let layer = Protected::new(&response.secret(&password), confidential, received);
            Some(Box::new(layer) as Box<dyn Layer>)
        };
        let layer = match protection {
            Protection::Authentication => None,
            Protection::Integrity => protected(false),
            Protection::Privacy => protected(true),
        };
        Ok(Step::Done { who, last: format!("rspauth={}", proof("")).into_bytes(), layer })
    }

    fn challenge(&self) -> String {
        let nonce = &self.nonce;
        let offered = self.offered.iter().map(|protection| qop(*protection)).collect::<Vec<_>>().join(",");
        let cipher = if self.offered.contains(&Protection::Privacy) { r#",cipher="rc4""# } else { "" };
        format!(r#"realm="{REALM}",nonce="{nonce}",qop="{offered}",charset=utf-8,algorithm=md5-sess{cipher}"#)
    }
}

/// The quality of protection's name.
fn qop(protection: Protection) -> &'static str {
    match protection {
        Protection::Authentication => "auth",
        Protection::Integrity => "auth-int",
        Protection::Privacy => "auth-conf",
    }
}

/// What a client answers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Response {
    username: String,
    realm: String,
    nonce: String,
    cnonce: String,
    nc: String,
    qop: String,
    digest_uri: String,
    response: String,
    authzid: String,
    cipher: String,
    maxbuf: String,
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut parsed = Self { qop: "auth".to_owned(), ..Self::default() };
        let mut seen = Vec::new();
        for (key, value) in directives(bytes)? {
            let field = match key {
                "username" => &mut parsed.username,
                "realm" => &mut parsed.realm,
                "nonce" => &mut parsed.nonce,
                "cnonce" => &mut parsed.cnonce,
                "nc" => &mut parsed.nc,
                "qop" => &mut parsed.qop,
                "digest-uri" => &mut parsed.digest_uri,
                "response" => &mut parsed.response,
                "authzid" => &mut parsed.authzid,
                "cipher" => &mut parsed.cipher,
                "maxbuf" => &mut parsed.maxbuf,
                _ => continue,
            };
            if seen.contains(&key) {
                return None;
            }
            seen.push(key);
            *field = value;
        }
        let needed = ["username", "nonce", "cnonce", "nc", "digest-uri", "response"];
        needed.iter().all(|key| seen.contains(key)).then_some(parsed)
    }

    /// How many bytes of a protected message the client takes.
    fn received(&self) -> Option<usize> {
        if self.maxbuf.is_empty() {
            return Some(RECEIVED);
        }
        self.maxbuf.parse().ok().filter(|bytes| RECEIVED_BYTES.contains(bytes))
    }

    /// The hash of `A1` of section 2.1.2.1, which all else is made of.
    fn secret(&self, password: &Secret) -> [u8; 16] {
        let secret = md5(&[&self.username, ":", &self.realm, ":", password.reveal()].map(str::as_bytes));
        let mut a1 = [&secret[..], format!(":{}:{}", self.nonce, self.cnonce).as_bytes()].concat();
        if !self.authzid.is_empty() {
            a1.extend_from_slice(format!(":{}", self.authzid).as_bytes());
        }
        md5(&[&a1])
    }

    /// `response-value` of section 2.1.2.1; with an empty prefix, the `rspauth` that the server proves itself with.
    fn proof(&self, password: &Secret, prefix: &str) -> String {
        let a1 = hex(&self.secret(password));
        let body = if self.qop == "auth" { "" } else { ":00000000000000000000000000000000" };
        let a2 = hex(&md5(&[format!("{prefix}:{}{body}", self.digest_uri).as_bytes()]));
        let Self { nonce, nc, cnonce, qop, .. } = self;
        hex(&md5(&[format!("{a1}:{nonce}:{nc}:{cnonce}:{qop}:{a2}").as_bytes()]))
    }
}

/// Keys and values of `key=value, key="quoted \"value\""`, in order; None where that is not what it is.
fn directives(bytes: &[u8]) -> Option<Vec<(&str, String)>> {
    let mut rest = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_RESPONSE)?.trim_end_matches('\0');
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t', '\r', '\n']);
        if rest.is_empty() {
            return Some(found);
        }
        let (key, after) = rest.split_once('=')?;
        let value;
        (value, rest) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim_end().to_owned(), &after[end..])
            }
        };
        found.push((key.trim(), value));
    }
}

/// The text up to the closing quote, and what follows it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            character => value.push(character),
        }
    }
    None
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Section 4 of RFC 2831.
    #[test]
    fn proofs_are_those_of_the_rfc() {
        let response = Response::parse(
            br#"charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,
                cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",
                response=d388dad90d4bbd760a152321f2143af7,qop=auth"#,
        )
        .unwrap();
        let password = Secret::new("secret");
        assert_eq!(response.proof(&password, "AUTHENTICATE"), response.response);
        assert_eq!(response.proof(&password, ""), "ea40f60335c427b5527b84dbabcdfffd");
    }

    #[test]
    fn directives_are_read_as_they_may_be_written() {
        let found = directives(b"a=1, b=\"x,\\\"y\\\\\" ,, c = tok").unwrap();
        assert_eq!(found, [("a", "1".to_owned()), ("b", "x,\"y\\".to_owned()), ("c", " tok".to_owned())]);
        for wrong in [&b"a"[..], b"a=\"open", b"a=\"end\\", b"\xff=1", &[b'a'; MAX_RESPONSE + 1]] {
            assert_eq!(directives(wrong), None);
        }
        assert_eq!(Response::parse(b"username=\"a\",username=\"b\""), None);
        assert_eq!(Response::parse(b"username=\"a\""), None);
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a-c=\",\\\\ ]{0,60}") {
            let _ = Response::parse(&bytes);
            let _ = Response::parse(text.as_bytes());
        }
    }
}
