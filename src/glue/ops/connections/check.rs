//! Whether something could be connected to by a definition.

use serde_json::Value;

use super::super::super::call::Call;
use super::super::super::error::{Exception, Result};
use super::super::kept::{Object, list, text};

/// Types that were there before connections had a second form.
const FIRST_FORM: [&str; 9] = [
    "JDBC",
    "SFTP",
    "MONGODB",
    "KAFKA",
    "NETWORK",
    "MARKETPLACE",
    "CUSTOM",
    "VIEW_VALIDATION_REDSHIFT",
    "VIEW_VALIDATION_ATHENA",
];

/// Properties that are `true` or `false`.
const FLAGS: [&str; 4] =
    ["JDBC_ENFORCE_SSL", "SKIP_CUSTOM_JDBC_CERT_VALIDATION", "KAFKA_SSL_ENABLED", "KAFKA_SKIP_CUSTOM_CERT_VALIDATION"];

const SASL_MECHANISMS: [&str; 4] = ["SCRAM-SHA-512", "GSSAPI", "AWS_MSK_IAM", "PLAIN"];

/// The form of a definition: 2 where it has what only newer connections have.
pub fn schema_version(connection: &Object) -> i32 {
    let second = ["AuthenticationConfiguration", "SparkProperties", "AthenaProperties", "PythonProperties"];
    let newer = second.iter().any(|member| connection.contains_key(*member));
    if newer || !FIRST_FORM.contains(&text(connection, "ConnectionType")) { 2 } else { 1 }
}

/// A definition, without its name. What a type cannot do without is asked for only where AWS is to be imitated: many keep
/// connections here for tools that know more of them than this server.
pub fn connection(call: &Call, connection: &Object) -> Result<()> {
    if connection.get("ValidateCredentials") == Some(&Value::Bool(true)) {
        return Err(Exception::not_supported(
            "ValidateCredentials is not supported here: nothing connects to sources yet. Leave it out; nothing was changed.",
        )
        .into());
    }
    let connection_type = text(connection, "ConnectionType");
    let empty = Object::new();
    let properties = connection.get("ConnectionProperties").and_then(Value::as_object).unwrap_or(&empty);
    let mut checked = values(properties).and_then(|()| authentication(connection));
    if call.settings.strict && !connection.contains_key("AuthenticationConfiguration") {
        checked = checked.and_then(|()| required(connection_type, connection, properties));
    }
    checked.map_err(|what| Exception::invalid_input(format!("{connection_type} connection: {what}")).into())
}

/// Values of properties whose form is known.
fn values(properties: &Object) -> Result<(), String> {
    for flag in FLAGS {
        if !matches!(text(properties, flag).to_ascii_lowercase().as_str(), "" | "true" | "false") {
            return Err(format!("{flag} is neither true nor false"));
        }
    }
    let port = text(properties, "PORT");
    if !port.is_empty() && port.parse::<u16>().is_err() {
        return Err(format!("PORT {port} is no number of a port"));
    }
    // Not repeated: there may be a password in it.
    let url = text(properties, "JDBC_CONNECTION_URL");
    if !url.is_empty() && !url.starts_with("jdbc:") {
        return Err("JDBC_CONNECTION_URL does not start with jdbc:".to_owned());
    }
    let mechanism = text(properties, "KAFKA_SASL_MECHANISM");
    if !mechanism.is_empty() && !SASL_MECHANISMS.contains(&mechanism) {
        return Err(format!("KAFKA_SASL_MECHANISM {mechanism} is none of {}", SASL_MECHANISMS.join(", ")));
    }
    Ok(())
}

fn authentication(connection: &Object) -> Result<(), String> {
    let Some(Value::Object(configuration)) = connection.get("AuthenticationConfiguration") else { return Ok(()) };
    let credentials = match text(configuration, "AuthenticationType") {
        "BASIC" => "BasicAuthenticationCredentials",
        "OAUTH2" => "OAuth2Properties",
        "CUSTOM" => "CustomAuthenticationCredentials",
        _ => return Ok(()),
    };
    if configuration.contains_key(credentials) || configuration.contains_key("SecretArn") {
        return Ok(());
    }
    let authentication = text(configuration, "AuthenticationType");
    Err(format!("AuthenticationType {authentication} needs {credentials} or SecretArn"))
}

/// Each type with the sets of properties of which one must be there whole.
fn required(connection_type: &str, connection: &Object, properties: &Object) -> Result<(), String> {
    const CREDENTIALS: &[&[&str]] = &[&["USERNAME", "PASSWORD"], &["USERNAME", "ENCRYPTED_PASSWORD"], &["SECRET_ID"]];
    let wanted: &[&[&[&str]]] = match connection_type {
        "JDBC" => &[&[&["JDBC_CONNECTION_URL"], &["HOST", "PORT", "JDBC_ENGINE"]], CREDENTIALS],
        "MONGODB" => &[&[&["CONNECTION_URL"]], CREDENTIALS],
        "KAFKA" => &[&[&["KAFKA_BOOTSTRAP_SERVERS"]]],
        "MARKETPLACE" | "CUSTOM" => &[&[&["CONNECTOR_TYPE", "CONNECTOR_URL", "CONNECTOR_CLASS_NAME"]]],
        "VIEW_VALIDATION_REDSHIFT" => &[&[&["DATABASE", "CLUSTER_IDENTIFIER"], &["DATABASE", "WORKGROUP_NAME"]]],
        "VIEW_VALIDATION_ATHENA" => &[&[&["WORKGROUP_NAME"]]],
        _ => &[],
    };
    for sets in wanted {
        if !sets.iter().any(|set| set.iter().all(|name| properties.contains_key(*name))) {
            let sets: Vec<String> = sets.iter().map(|set| set.join(" and ")).collect();
            return Err(format!("ConnectionProperties need {}", sets.join(", or ")));
        }
    }
    if connection_type == "NETWORK" {
        let place = connection.get("PhysicalConnectionRequirements").and_then(Value::as_object);
        let complete = place
            .is_some_and(|place| !text(place, "SubnetId").is_empty() && !list(place, "SecurityGroupIdList").is_empty());
        if !complete {
            return Err("PhysicalConnectionRequirements need SubnetId and SecurityGroupIdList".to_owned());
        }
    }
    Ok(())
}
