use std::fmt;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{BackoffConfig, ClientConfigKey, RetryConfig};
use serde::Deserialize;
use url::Url;

/// How S3 is reached. What is unset here comes from the environment's `AWS_…` variables, as far
/// as object_store knows them (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
/// AWS_REGION, AWS_ENDPOINT_URL, AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE, the container
/// ones, AWS_CONNECT_TIMEOUT, AWS_TIMEOUT, AWS_DISABLE_BULK_DELETE, …), and credentials at last
/// from the instance's metadata service. Shared AWS configuration files are not read.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectStoreSettings {
    /// `http://host:port` or `https://…` of an S3 look-alike; unset: AWS itself.
    pub endpoint: Option<Url>,
    pub region: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<String>,
    pub session_token: Option<String>,
    /// `endpoint/bucket/key` (true) or `bucket.endpoint/key` (false). Unset: the first with an
    /// endpoint, as look-alikes want it, and the second at AWS.
    pub path_style: Option<bool>,
}

const CONNECT_TIMEOUT: &str = "5 seconds";
const REQUEST_TIMEOUT: &str = "30 seconds";

/// Someone waits for the answer: a store that is away must show within seconds.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(1), base: 2.0 },
    max_retries: 2,
    retry_timeout: Duration::from_secs(10),
};

/// The clients of one bucket.
#[derive(Clone)]
pub(super) struct Clients {
    /// Deletes in bulk.
    pub objects: AmazonS3,
    /// Deletes singly: the bulk delete of object_store 0.14 panics when the store refuses a key
    /// that ends with `/`.
    pub markers: AmazonS3,
    /// For messages: where requests go.
    pub endpoint: String,
    pub signs: bool,
}

impl ObjectStoreSettings {
    /// Refuses what cannot work, naming the field.
    pub fn check(&self) -> Result<(), String> {
        if let Some(endpoint) = &self.endpoint {
            if !matches!(endpoint.scheme(), "http" | "https") || endpoint.host_str().is_none() {
                return Err(format!("endpoint {endpoint} must be an http:// or https:// URL"));
            }
            if endpoint.query().is_some() || endpoint.fragment().is_some() {
                return Err("endpoint must have no query and no fragment".to_string());
            }
            if !endpoint.username().is_empty() || endpoint.password().is_some() {
                return Err("endpoint must hold no credentials; set the access key".to_string());
            }
        }
        match (set(&self.access_key), set(&self.secret_key)) {
            (Some(_), None) => Err("access_key is set, but not secret_key".to_string()),
            (None, Some(_)) => Err("secret_key is set, but not access_key".to_string()),
            (None, None) if set(&self.session_token).is_some() => {
                Err("session_token is set, but not access_key".to_string())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn clients(
        &self,
        bucket: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> object_store::Result<Clients> {
        let own_keys = set(&self.access_key).zip(set(&self.secret_key));
        let mut builder = AmazonS3Builder::new()
            .with_config(client(ClientConfigKey::ConnectTimeout), CONNECT_TIMEOUT)
            .with_config(client(ClientConfigKey::Timeout), REQUEST_TIMEOUT)
            .with_retry(RETRIES);
        for (name, value) in environment {
            if !name.starts_with("AWS_") || value.is_empty() {
                continue;
            }
            let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() else {
                continue;
            };
            // A key from here with a token from there would be refused by the store.
            if own_keys.is_some() && is_credential(key) {
                continue;
            }
            builder = builder.with_config(key, value);
        }
        if let Some((access_key, secret_key)) = own_keys {
            builder = builder.with_access_key_id(access_key).with_secret_access_key(secret_key);
            if let Some(token) = set(&self.session_token) {
                builder = builder.with_token(token);
            }
        }
        if let Some(region) = set(&self.region) {
            builder = builder.with_region(region);
        }
        let endpoint = match &self.endpoint {
            Some(endpoint) => Some(endpoint.to_string()),
            None => builder
                .get_config_value(&AmazonS3ConfigKey::S3Endpoint)
                .or_else(|| builder.get_config_value(&AmazonS3ConfigKey::Endpoint)),
        };
        // Whoever writes an http:// endpoint means it.
        let plain_http = endpoint.as_ref().is_some_and(|e| e.starts_with("http://"));
        if plain_http {
            builder = builder.with_allow_http(true);
        }
        let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
        let path_style = self.path_style.unwrap_or(endpoint.is_some());
        let shown = match &endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_string(),
            None => format!("AWS in region {}", region.as_deref().unwrap_or("us-east-1")),
        };
        if let Some(endpoint) = endpoint {
            let endpoint = match path_style {
                true => endpoint,
                false => endpoint.replacen("://", &format!("://{bucket}."), 1),
            };
            let endpoint = endpoint.trim_end_matches('/');
            builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
        }
        let objects =
            builder.clone().with_virtual_hosted_style_request(!path_style).with_bucket_name(bucket).build()?;
        let markers = builder
            .clone()
            .with_virtual_hosted_style_request(!path_style)
            .with_bucket_name(bucket)
            .with_credentials(objects.credentials().clone())
            .with_disable_bulk_delete(true)
            .build()?;
        Ok(Clients {
            objects,
            markers,
            endpoint: shown,
            signs: builder.get_config_value(&AmazonS3ConfigKey::SkipSignature) != Some("true".to_string()),
        })
    }
}

impl fmt::Debug for ObjectStoreSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn hidden(secret: &Option<String>) -> Option<&str> {
            secret.as_ref().map(|_| "***")
        }
        f.debug_struct("ObjectStoreSettings")
            .field("endpoint", &self.endpoint.as_ref().map(Url::as_str))
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .field("secret_key", &hidden(&self.secret_key))
            .field("session_token", &hidden(&self.session_token))
            .field("path_style", &self.path_style)
            .finish()
    }
}

/// A variable that is set to nothing is not set.
fn set(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

fn client(key: ClientConfigKey) -> AmazonS3ConfigKey {
    AmazonS3ConfigKey::Client(key)
}

fn is_credential(key: AmazonS3ConfigKey) -> bool {
    use AmazonS3ConfigKey::{AccessKeyId, SecretAccessKey, SkipSignature, Token};
    matches!(key, AccessKeyId | SecretAccessKey | Token | SkipSignature)
}

#[cfg(test)]
mod tests;
