//! Security configurations: how jobs, crawlers and endpoints encrypt what they write. Kept; nothing encrypts by them yet.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{Kept, Object, Which, answer, paged, take, text};
use crate::model::Resource;

const CONFIGURATION: Kept = Kept {
    kind: "securityConfiguration",
    missing: "SecurityConfiguration {} not found",
    exists: "SecurityConfiguration {} already exists",
    parts: &[],
};

/// Each part of an encryption configuration, and the member that says how it is encrypted.
const PARTS: [(&str, &str); 4] = [
    ("S3Encryption", "S3EncryptionMode"),
    ("CloudWatchEncryption", "CloudWatchEncryptionMode"),
    ("JobBookmarksEncryption", "JobBookmarksEncryptionMode"),
    ("DataQualityEncryption", "DataQualityEncryptionMode"),
];

pub async fn create_security_configuration(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    check(input.get("EncryptionConfiguration").unwrap_or(&Value::Null))?;
    let created = CONFIGURATION.create(call, &name, input, &Default::default()).await?;
    let mut output = answer("Name", name);
    output.insert("CreatedTimestamp".to_owned(), json!(created.created_at));
    Ok(output)
}

pub async fn get_security_configuration(call: &Call, input: Object) -> Result<Object> {
    let stored = CONFIGURATION.get(call, text(&input, "Name")).await?;
    Ok(answer("SecurityConfiguration", answered(stored)))
}

pub async fn get_security_configurations(call: &Call, input: Object) -> Result<Object> {
    let (stored, token) = CONFIGURATION.list(call, &Which::read(&input)?).await?;
    Ok(paged("SecurityConfigurations", stored.into_iter().map(answered).collect(), token))
}

pub async fn delete_security_configuration(call: &Call, input: Object) -> Result<Object> {
    CONFIGURATION.delete_existing(call, text(&input, "Name")).await?;
    Ok(Object::new())
}

fn answered(stored: Resource) -> Value {
    let mut document = stored.document;
    document.insert("Name".to_owned(), json!(stored.name));
    // Written otherwise than in the answer to its creation.
    document.insert("CreatedTimeStamp".to_owned(), json!(stored.created_at));
    Value::Object(document)
}

/// Encryption under a key of KMS needs the key.
fn check(encryption: &Value) -> Result<()> {
    for (part, mode) in PARTS {
        let Some(value) = encryption.get(part) else { continue };
        let settings = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for setting in settings {
            let mode = setting.get(mode).and_then(Value::as_str).unwrap_or_default();
            let key = setting.get("KmsKeyArn").and_then(Value::as_str).unwrap_or_default();
            if mode.ends_with("KMS") && key.is_empty() {
                return Err(Exception::invalid_input(format!(
                    "EncryptionConfiguration.{part}: {mode} needs the KmsKeyArn of the key to encrypt with"
                ))
                .into());
            }
        }
    }
    Ok(())
}
