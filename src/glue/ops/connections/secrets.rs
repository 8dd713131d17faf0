//! Which properties of a connection are secret: told by their names, as there is no list of all.

use serde_json::{Value, json};

use super::super::super::error::Result;
use super::super::kept::Object;

/// What the names of secrets have in them.
const WORDS: [&str; 9] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATEKEY", "APIKEY", "ACCESSKEY"];

/// What the names of what only leads to a secret end with.
const REFERENCES: [&str; 9] = ["ID", "ARN", "URL", "URI", "NAME", "FILE", "PATH", "TYPE", "ENDPOINT"];

/// What the service puts before the name of a property that it encrypted.
const ENCRYPTED: &str = "ENCRYPTED_";

fn is_secret(name: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_uppercase();
    WORDS.iter().any(|word| letters.contains(word)) && !REFERENCES.iter().any(|end| letters.ends_with(end))
}

/// Leaves secrets out.
pub fn hide(properties: &mut Object) {
    properties.retain(|name, _| !is_secret(name));
}

/// Puts `ENCRYPTED_PASSWORD` in the place of `PASSWORD`, and so on.
pub fn encrypt(properties: &mut Object, seal: impl Fn(&str) -> Result<String>) -> Result<()> {
    let plain: Vec<String> =
        properties.keys().filter(|name| is_secret(name) && !name.starts_with(ENCRYPTED)).cloned().collect();
    for name in plain {
        if let Some(Value::String(text)) = properties.remove(&name) {
            properties.insert(format!("{ENCRYPTED}{name}"), json!(seal(&text)?));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "PASSWORD",
            "ENCRYPTED_PASSWORD",
            "KAFKA_CLIENT_KEYSTORE_PASSWORD",
            "KAFKA_SASL_SCRAM_PASSWORD",
            "sfPassword",
            "secret_access_key",
            "ACCESS_TOKEN",
            "client-secret",
            "api_key",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "USERNAME",
            "SECRET_ID",
            "KAFKA_SASL_SCRAM_SECRETS_ARN",
            "TOKEN_URL",
            "aws_access_key_id",
            "KAFKA_CLIENT_KEYSTORE",
            "JDBC_CONNECTION_URL",
            "key",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
