//! Connections to what holds data. Their properties are encrypted in the database as a whole: what is secret among them
//! does not show by their names alone, as addresses may have passwords in them.

mod check;
mod secrets;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::encryption::passwords_stay_encrypted;
use super::kept::{Kept, Object, Which, answer, described, list, paged, take, take_tags, text};
use crate::model::Resource;

pub const CONNECTION: Kept = Kept {
    kind: "connection",
    missing: "Connection {} not found.",
    exists: "Connection {} already exists.",
    parts: &[],
};

/// Members of a connection that are stored encrypted, in the member `SEALED` of the document.
const SECRET: [&str; 5] =
    ["ConnectionProperties", "SparkProperties", "AthenaProperties", "PythonProperties", "AuthenticationConfiguration"];
const SEALED: &str = "Sealed";

pub async fn create_connection(call: &Call, mut input: Object) -> Result<Object> {
    own_catalog(call, &input)?;
    let tags = take_tags(&mut input);
    let mut connection = connection_input(&mut input);
    let name = take(&mut connection, "Name");
    let document = document(call, &name, connection)?;
    CONNECTION.create(call, &name, document, &tags).await?;
    Ok(answer("CreateConnectionStatus", "READY"))
}

/// Replaces the whole definition.
pub async fn update_connection(call: &Call, mut input: Object) -> Result<Object> {
    own_catalog(call, &input)?;
    let mut connection = connection_input(&mut input);
    let (name, new_name) = (text(&input, "Name"), take(&mut connection, "Name"));
    if new_name != name {
        return Err(Exception::invalid_input(format!(
            "ConnectionInput is named {new_name}: connection {name} cannot be renamed, only deleted and made anew"
        ))
        .into());
    }
    let document = document(call, name, connection)?;
    CONNECTION.update(call, name, |_| Ok(document)).await?;
    Ok(Object::new())
}

pub async fn get_connection(call: &Call, input: Object) -> Result<Object> {
    own_catalog(call, &input)?;
    let stored = CONNECTION.get(call, text(&input, "Name")).await?;
    let connection = answered(call, stored, Shown::read(call, &input).await?)?;
    Ok(answer("Connection", connection))
}

pub async fn get_connections(call: &Call, input: Object) -> Result<Object> {
    own_catalog(call, &input)?;
    let filter = input.get("Filter").and_then(Value::as_object).cloned().unwrap_or_default();
    let criteria = list(&filter, "MatchCriteria");
    let keep = |stored: &Resource| {
        let own = list(&stored.document, "MatchCriteria");
        let same = |member: &str| filter.get(member).is_none_or(|wanted| stored.document.get(member) == Some(wanted));
        same("ConnectionType") && same("ConnectionSchemaVersion") && criteria.iter().all(|wanted| own.contains(wanted))
    };
    let (stored, token) = CONNECTION.list_where(call, &Which::read(&input)?, Some(keep)).await?;
    let shown = Shown::read(call, &input).await?;
    let connections = stored.into_iter().map(|stored| answered(call, stored, shown)).collect::<Result<_>>()?;
    Ok(paged("ConnectionList", connections, token))
}

pub async fn delete_connection(call: &Call, input: Object) -> Result<Object> {
    own_catalog(call, &input)?;
    CONNECTION.delete_existing(call, text(&input, "ConnectionName")).await?;
    Ok(Object::new())
}

pub async fn batch_delete_connection(call: &Call, input: Object) -> Result<Object> {
    own_catalog(call, &input)?;
    let mut deleted = Vec::new();
    let mut errors = BTreeMap::new();
    for name in list(&input, "ConnectionNameList") {
        match CONNECTION.delete_existing(call, &name).await {
            Ok(()) => deleted.push(name),
            Err(failure) => {
                let detail = Exception::from(&failure).detail();
                errors.insert(name, detail);
            }
        }
    }
    let mut output = answer("Succeeded", deleted);
    output.insert("Errors".to_owned(), json!(errors));
    Ok(output)
}

/// Connections belong to the account, whose catalog is the only one that they may be asked of.
fn own_catalog(call: &Call, input: &Object) -> Result<()> {
    let Some(id) = input.get("CatalogId").and_then(Value::as_str) else { return Ok(()) };
    if call.catalog_name(Some(id))? == call.default_catalog() {
        return Ok(());
    }
    let account = call.account();
    Err(Exception::invalid_input(format!(
        "CatalogId {id} has no connections of its own: they belong to the account, CatalogId {account}"
    ))
    .into())
}

fn connection_input(input: &mut Object) -> Object {
    match input.remove("ConnectionInput") {
        Some(Value::Object(connection)) => connection,
        _ => Object::new(),
    }
}

/// What is stored of a definition, after it was checked.
fn document(call: &Call, name: &str, mut connection: Object) -> Result<Object> {
    check::connection(call, &connection)?;
    connection.insert("ConnectionSchemaVersion".to_owned(), json!(check::schema_version(&connection)));
    connection.insert("LastUpdatedBy".to_owned(), json!(call.caller().user));
    // Asks for a check of the credentials, which was refused, and says where it would be made.
    connection.remove("ValidateCredentials");
    if let Some(environments) = connection.remove("ValidateForComputeEnvironments") {
        connection.insert("CompatibleComputeEnvironments".to_owned(), environments);
    }
    let secret = SECRET.iter().filter_map(|member| connection.remove_entry(*member));
    let secret = Value::Object(secret.collect());
    let sealed = call.catalog.seal(&CONNECTION.key(call, name), &secret)?;
    connection.insert(SEALED.to_owned(), json!(sealed));
    Ok(connection)
}

/// How much of a connection is shown.
#[derive(Clone, Copy)]
struct Shown {
    passwords: Passwords,
    /// The member whose properties stand above those of the connection.
    environment: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Passwords {
    Hidden,
    Encrypted,
    Plain,
}

impl Shown {
    async fn read(call: &Call, input: &Object) -> Result<Self> {
        let passwords = if input.get("HidePassword") == Some(&Value::Bool(true)) {
            Passwords::Hidden
        } else if passwords_stay_encrypted(call).await? {
            Passwords::Encrypted
        } else {
            Passwords::Plain
        };
        let environment = match text(input, "ApplyOverrideForComputeEnvironment") {
            "SPARK" => Some("SparkProperties"),
            "ATHENA" => Some("AthenaProperties"),
            "PYTHON" => Some("PythonProperties"),
            _ => None,
        };
        Ok(Self { passwords, environment })
    }
}

fn answered(call: &Call, mut stored: Resource, shown: Shown) -> Result<Value> {
    let key = CONNECTION.key(call, &stored.name);
    let sealed = take(&mut stored.document, SEALED);
    let Value::Object(mut secret) = call.catalog.unseal(&key, &sealed)? else {
        return Err(Exception::internal(format!("Connection {} is damaged", stored.name)).into());
    };
    if let Some(environment) = shown.environment
        && let Some(Value::Object(own)) = secret.get(environment).cloned()
        && let Some(properties) = secret.get_mut("ConnectionProperties").and_then(Value::as_object_mut)
    {
        properties.extend(own);
    }
    for (member, value) in &mut secret {
        let Value::Object(properties) = value else { continue };
        // The secrets of this one are no members of what is answered.
        if member == "AuthenticationConfiguration" {
            continue;
        }
        match shown.passwords {
            Passwords::Plain => {}
            Passwords::Hidden => secrets::hide(properties),
            Passwords::Encrypted => {
                secrets::encrypt(properties, |text| call.catalog.seal(&key, &json!(text)).map_err(Failure::from))?
            }
        }
    }
    stored.document.extend(secret);
    stored.document.insert("Status".to_owned(), json!("READY"));
    Ok(described(stored, "Name", "CreationTime", "LastUpdatedTime"))
}
