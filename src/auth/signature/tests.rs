#![allow(clippy::unwrap_used)]
use axum::http::{HeaderName, HeaderValue, Request, Uri};

use super::*;

const EXAMPLE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Reads a request as it goes over the wire.
fn request(text: &str) -> (Parts, Vec<u8>) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, uri) = lines.next().unwrap().split_once(' ').unwrap();
    let uri: Uri = uri.parse().unwrap();
    let mut request = Request::builder().method(method).uri(uri).body(()).unwrap();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value.trim().as_bytes()).unwrap());
    }
    (request.into_parts().0, body.as_bytes().to_vec())
}

/// Checks the whole signature, at its own time unless another is given.
fn verify(text: &str, service: &str, secret: &str, now: Option<&str>) -> Result<(), AuthError> {
    let (parts, body) = request(text);
    let signature = Signature::of(&parts)?;
    let now = parse_date(now.unwrap_or(&signature.date));
    let now = now.unwrap_or(SystemTime::UNIX_EPOCH);
    let scope = signature.check(&parts.headers, service, now, Some(Duration::from_secs(900)))?;
    signature.verify(scope, &Secret::new(secret), &parts, &body)
}

/// AWS' published test suite for Signature Version 4, less what Glue has not: paths besides `/`.
#[test]
fn the_published_vectors_verify() {
    let vectors = [
        ("GET /", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST /", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET /",
            "My-Header1:value2\nMy-Header1:value2\nMy-Header1:value1\n",
            "",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ),
        (
            "GET /",
            "My-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2\n",
            "",
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        ),
        (
            "GET /",
            "My-Header1: value1\nMy-Header2: \"a   b   c\"\n",
            "",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            "",
            "",
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ),
        ("GET /ሴ", "", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        ("GET /?Param1=value1", "", "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        (
            "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
            "",
            "",
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        ),
        (
            "GET /?Param2=value2&Param1=value1",
            "",
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET /?Param1=value2&Param1=Value1",
            "",
            "",
            "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
        ),
        (
            "GET /?Param1=value2&Param1=value1",
            "",
            "",
            "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
        ),
        ("GET /?ሴ=bar", "", "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        ("POST /", "My-Header1:VALUE1\n", "", "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
        ("POST /?Param1=value1", "", "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        (
            "POST /",
            "Content-Type:application/x-www-form-urlencoded\n",
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
        (
            "POST /",
            "Content-Type:application/x-www-form-urlencoded; charset=utf8\n",
            "Param1=value1",
            "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
        ),
    ];
    for (line, headers, body, signature) in vectors {
        let mut signed: Vec<_> = headers.lines().map(|line| line.split(':').next().unwrap().to_lowercase()).collect();
        signed.extend(["host".to_owned(), "x-amz-date".to_owned()]);
        signed.sort();
        signed.dedup();
        let text = format!(
            "{line}\nHost:example.amazonaws.com\n{headers}X-Amz-Date:20150830T123600Z\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={}, Signature={signature}\n\n\
             {body}",
            signed.join(";")
        );
        assert_eq!(verify(&text, "service", EXAMPLE_SECRET, None), Ok(()), "{line}");
        assert_eq!(verify(&text, "service", "another", None), Err(AuthError::mismatch()), "{line}");
    }
}

/// Sent by botocore 1.44.8 for the key FOOBARKEY.
const BY_BOTOCORE: &str = r#"POST /
Host: 127.0.0.1:9080
X-Amz-Target: AWSGlue.GetTable
Content-Type: application/x-amz-json-1.1
User-Agent: Botocore/1.44.8 ua/2.1 os/linux md/arch#x86_64 lang/python#3.11.7 md/pyimpl#CPython
X-Amz-Date: 20261124T233652Z
Authorization: AWS4-HMAC-SHA256 Credential=FOOBARKEY/20261124/eu-central-1/glue/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=2bf673d9a4c111875b01039213d9ba0d571d26d9cb2107a8887a9e19483cb936
amz-sdk-invocation-id: b35d73db-1cc6-4602-a041-bc09ba9a6fa6
amz-sdk-request: attempt=1; max=3
Content-Length: 50

{"DatabaseName": "sales", "Name": "orders \u00e9"}"#;
const BY_BOTOCORE_WITH_TOKEN: &str = r#"POST /
Host: 127.0.0.1:9080
X-Amz-Target: AWSGlue.GetDatabases
Content-Type: application/x-amz-json-1.1
X-Amz-Date: 20261124T233652Z
X-Amz-Security-Token: TOKEN/with+chars==
Authorization: AWS4-HMAC-SHA256 Credential=FOOBARKEY/20261124/eu-central-1/glue/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=6edfda33a2ee842e1f3e81a0e711cae0713aefd731eb0729e5535fe88a56b75e
Content-Length: 2

{}"#;
/// By botocore's `SigV4QueryAuth`, over this body.
const PRESIGNED: &str = r#"POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=FOOBARKEY%2F20261124%2Feu-central-1%2Fglue%2Faws4_request&X-Amz-Date=20261124T233652Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host%3Bx-amz-target&X-Amz-Security-Token=TOKEN%2Fwith%2Bchars%3D%3D&X-Amz-Signature=7594e0dae7a65c64a0e48490faf5a1c0f7e6887e132fc4a27ffe5094c8dc1510
Host: 127.0.0.1:9080
X-Amz-Target: AWSGlue.GetDatabase

{"Name":"sales"}"#;

fn glue(text: &str) -> Result<(), AuthError> {
    verify(text, "glue", "FOOBARSECRET", None)
}

#[test]
fn requests_of_botocore_verify_whole_only() {
    for text in [BY_BOTOCORE, BY_BOTOCORE_WITH_TOKEN, PRESIGNED] {
        assert_eq!(glue(text), Ok(()));
        assert_eq!(verify(text, "glue", "FOOBARSECRET2", None), Err(AuthError::mismatch()));
        let parts = request(text).0;
        let signature = Signature::of(&parts).unwrap();
        assert_eq!(signature.scope().unwrap().region, "eu-central-1");
        // Every signed part counts.
        for (from, to) in [
            ("AWSGlue.Get", "AWSGlue.Delete"),
            ("127.0.0.1:9080", "127.0.0.1:9081"),
            ("{", "{ "),
            ("POST", "PUT"),
            ("POST /", "POST //"),
            ("eu-central-1", "eu-central-2"),
            ("x-amz-target", "x-amz-target;user-agent"),
            ("x-amz-target", "x-amz-target;accept"),
            ("Signature=", "Signature=0"),
            ("Signature=", "Signature=00"),
            ("Signature=", "Signature=é"),
        ] {
            if to == "Signature=é" && text == PRESIGNED {
                continue;
            }
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            assert!(glue(&changed).is_err(), "{changed}");
        }
        // What is not signed may change on the way.
        assert_eq!(glue(&text.replacen("Host", "X-Forwarded-For: 10.0.0.1\nHost", 1)), Ok(()));
    }
    let hash = "9b37e5e5cb6b1b0d6d3b8a8b6d8e4b6e";
    for claimed in [hash, "UNSIGNED-PAYLOAD"] {
        let text = BY_BOTOCORE.replacen("Host", &format!("X-Amz-Content-Sha256: {claimed}\nHost"), 1);
        let error = glue(&text).unwrap_err();
        assert!(error.message.contains("x-amz-content-sha256"), "{error}");
    }
    let hash = hex(digest(&SHA256, request(BY_BOTOCORE).1.as_slice()).as_ref());
    assert_eq!(glue(&BY_BOTOCORE.replacen("Host", &format!("X-Amz-Content-Sha256: {hash}\nHost"), 1)), Ok(()));
}

#[test]
fn times_outside_the_window_are_refused() {
    let at = |text, now| verify(text, "glue", "FOOBARSECRET", Some(now)).map_err(|error| (error.code, error.message));
    for good in ["20261124T232152Z", "20261124T235152Z"] {
        assert_eq!(at(BY_BOTOCORE, good), Ok(()));
    }
    let refused =
        |text, now, message: &str| assert_eq!(at(text, now), Err(("InvalidSignatureException", message.to_owned())));
    refused(
        BY_BOTOCORE,
        "20261124T235153Z",
        "Signature expired: 20261124T233652Z is now earlier than 20261124T233653Z (20261124T235153Z - 15 min.)",
    );
    refused(
        BY_BOTOCORE,
        "20261124T232151Z",
        "Signature not yet current: 20261124T233652Z is still later than 20261124T233651Z (20261124T232151Z + 15 min.)",
    );
    assert_eq!(at(PRESIGNED, "20261125T003652Z"), Ok(()));
    refused(PRESIGNED, "20261125T003653Z", "Signature expired: 20261125T003652Z is now earlier than 20261125T003653Z");
    refused(
        PRESIGNED,
        "20261124T232151Z",
        "Signature not yet current: 20261124T233652Z is still later than 20261124T233651Z (20261124T232151Z + 15 min.)",
    );
    let (parts, body) = request(BY_BOTOCORE);
    let signature = Signature::of(&parts).unwrap();
    let scope = signature.check(&parts.headers, "glue", SystemTime::UNIX_EPOCH, None).unwrap();
    assert_eq!(signature.verify(scope, &Secret::new("FOOBARSECRET"), &parts, &body), Ok(()));
}

#[test]
fn what_cannot_be_read_is_told() {
    let without = |line: &str| {
        let lines: Vec<_> = BY_BOTOCORE.lines().filter(|found| !found.starts_with(line)).collect();
        lines.join("\n")
    };
    let mut cases = vec![
        (without("Authorization"), "MissingAuthenticationTokenException", "Missing Authentication Token"),
        (without("X-Amz-Date"), "IncompleteSignatureException", "existence of a 'X-Amz-Date' header"),
    ];
    let changes = [
        (BY_BOTOCORE, "AWS4-HMAC-SHA256 Credential", "Basic Credential", "MissingAuthenticationTokenException", ""),
        (
            BY_BOTOCORE,
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA1",
            "IncompleteSignatureException",
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'",
        ),
        (
            BY_BOTOCORE,
            "Credential=",
            "Credential",
            "IncompleteSignatureException",
            "not a valid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            BY_BOTOCORE,
            "Signature=",
            "Sig=",
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            BY_BOTOCORE,
            "/glue/",
            "/glue/x/",
            "IncompleteSignatureException",
            "Credential must have exactly 5 slash-delimited elements",
        ),
        (BY_BOTOCORE, "X-Amz-Date: 2026", "X-Amz-Date: é026", "IncompleteSignatureException", "'X-Amz-Date' header"),
        (BY_BOTOCORE, "Date: 20261124T", "Date: 20261344T", "IncompleteSignatureException", "'basic format'"),
        (BY_BOTOCORE, "Date: 2026", "Date: +026", "IncompleteSignatureException", "'basic format'"),
        (BY_BOTOCORE, ";host", "", "InvalidSignatureException", "'Host' must be a 'SignedHeader'"),
        (BY_BOTOCORE, ";x-amz-date", "", "InvalidSignatureException", "'X-Amz-Date' must be a 'SignedHeader'"),
        (BY_BOTOCORE, ";x-amz-target", "", "InvalidSignatureException", "'X-Amz-Target' must be a 'SignedHeader'"),
        (PRESIGNED, "%3Bx-amz-target", "", "InvalidSignatureException", "'X-Amz-Target' must be a 'SignedHeader'"),
        (BY_BOTOCORE, "/glue/", "/s3/", "InvalidSignatureException", "scoped to correct service: 'glue'."),
        (BY_BOTOCORE, "eu-central-1", "eu_central", "InvalidSignatureException", "valid region, not 'eu_central'."),
        (BY_BOTOCORE, "aws4_request", "aws3", "InvalidSignatureException", "terminator: 'aws4_request', not 'aws3'."),
        (
            BY_BOTOCORE,
            "/20261124/",
            "/2026112/",
            "InvalidSignatureException",
            "'2026112' != '20261124', from '20261124T233652Z'.",
        ),
        (PRESIGNED, "X-Amz-Expires=3600", "X-Amz-Expires=0", "IncompleteSignatureException", "from 1 to 604800"),
        (PRESIGNED, "X-Amz-Expires=3600", "X-Amz-Expires=604801", "IncompleteSignatureException", "from 1 to 604800"),
        (PRESIGNED, "X-Amz-Date=", "X-Date=", "IncompleteSignatureException", "must include 'X-Amz-Date'."),
        (PRESIGNED, "Host", "Authorization: AWS4-HMAC-SHA256\nHost", "InvalidSignatureException", "Found both"),
    ];
    for (text, from, to, code, message) in changes {
        assert!(text.contains(from), "{from}");
        cases.push((text.replacen(from, to, 1), code, message));
    }
    for (text, code, message) in cases {
        let error = glue(&text).unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(message), "{error}");
    }
}

#[test]
fn session_tokens_have_to_be_the_keys_own() {
    let check = |text: &str, token: Option<&str>| {
        Signature::of(&request(text).0).unwrap().verify_session_token(token.map(Secret::new).as_ref())
    };
    for text in [BY_BOTOCORE_WITH_TOKEN, PRESIGNED] {
        assert_eq!(check(text, Some("TOKEN/with+chars==")), Ok(()));
        assert_eq!(check(text, Some("TOKEN/with+chars=")), Err(AuthError::unrecognized()));
        assert_eq!(check(text, None), Err(AuthError::unrecognized()));
    }
    assert_eq!(check(BY_BOTOCORE, None), Ok(()));
    assert_eq!(check(BY_BOTOCORE, Some("TOKEN")), Err(AuthError::unrecognized()));
}
