//! Calls about the connection and the server: who calls, settings of the connection, fb303.

use propolis_thrift::{AHashMap, ExceptionKind, FastStr, args, types};

use crate::catalog::Caller;
use crate::config::hive;
use crate::hms::call::{Call, required};
use crate::hms::convert::{texts, wire};
use crate::hms::error::Result;
use crate::hms::session::meta_conf;

/// The release of Hive whose contract is served. Clients that ask for a version compare it with Hive's.
const HIVE_VERSION: &str = "4.0.1";

/// The user of all later calls of the connection. The answer is what Apache's server gives: the groups and the user.
pub async fn set_ugi(call: &Call, args: args::SetUgi) -> Result<Vec<FastStr>> {
    let user = required(args.user_name, "user name")?;
    let groups = args.group_names.unwrap_or_default();
    call.about(&user);
    call.session.assume(Caller { user: Some(user.to_string()), groups: texts(Some(groups.clone())) })?;
    Ok(groups.into_iter().chain([user]).collect())
}

pub async fn get_meta_conf(call: &Call, args: args::GetMetaConf) -> Result<FastStr> {
    let key = required(args.key, "key")?;
    Ok(wire(&call.meta_conf(&key)?))
}

pub async fn set_meta_conf(call: &Call, args: args::SetMetaConf) -> Result<()> {
    let key = required(args.key, "key")?;
    let value = required(args.value, "value")?;
    call.about(&key);
    Ok(call.session.set_meta_conf(meta_conf::named(&key)?, value.to_string())?)
}

/// What this server has for a setting of Hive's; for the rest the default that the client gives.
pub async fn get_config_value(call: &Call, args: args::GetConfigValue) -> Result<FastStr> {
    let default = args.default_value.unwrap_or_default();
    let Some(name) = args.name else {
        return Ok(default);
    };
    if !["hive", "hdfs", "mapred", "metastore"].iter().any(|prefix| name.starts_with(prefix)) {
        let message = format!("For security reasons, the config key {name} cannot be accessed");
        return Err(ExceptionKind::ConfigValSecurity.with(message).into());
    }
    Ok(config_value(call, &name).map_or(default, FastStr::from))
}

fn config_value(call: &Call, name: &str) -> Option<String> {
    if let Ok(value) = call.meta_conf(name) {
        return Some(value);
    }
    let rules = call.catalog.rules();
    let value = match name.strip_prefix("hive.").unwrap_or(name) {
        "metastore.warehouse.dir" => &rules.warehouse,
        "metastore.warehouse.external.dir" => &rules.external_warehouse,
        "metastore.txn.timeout" | "txn.timeout" => return Some(format!("{}s", rules.lock_lease)),
        "metastore.event.db.listener.timetolive" => return Some(format!("{}s", rules.event_retention)),
        // What Impala insists on before it reads events: whole objects in each, none left out, inserts among them.
        "metastore.notifications.add.thrift.objects" | "metastore.dml.events" => "true",
        "metastore.alter.notifications.basic" => "false",
        "metastore.notification.parameters.exclude.patterns" => "",
        _ => rules.hive.given.get(hive::named(name)?.name)?,
    };
    Some(value.to_owned())
}

pub async fn flush_cache(call: &Call, _: args::FlushCache) -> Result<()> {
    call.catalog.store().flush();
    Ok(())
}

pub async fn get_metastore_db_uuid(call: &Call, _: args::GetMetastoreDbUuid) -> Result<FastStr> {
    Ok(wire(&call.catalog.installation_id().await?))
}

pub async fn get_name(_: &Call, _: args::GetName) -> Result<FastStr> {
    Ok(wire("Propolis"))
}

pub async fn get_version(_: &Call, _: args::GetVersion) -> Result<FastStr> {
    Ok(wire(HIVE_VERSION))
}

pub async fn get_status(_: &Call, _: args::GetStatus) -> Result<types::FbStatus> {
    Ok(types::FbStatus::ALIVE)
}

pub async fn get_status_details(_: &Call, _: args::GetStatusDetails) -> Result<FastStr> {
    Ok(wire(concat!("Propolis ", env!("CARGO_PKG_VERSION"))))
}

pub async fn alive_since(call: &Call, _: args::AliveSince) -> Result<i64> {
    Ok(call.catalog.opened_at())
}

/// Counters are served over HTTP, for Prometheus; fb303 has none.
pub async fn get_counters(_: &Call, _: args::GetCounters) -> Result<AHashMap<FastStr, i64>> {
    Ok(AHashMap::new())
}

pub async fn get_counter(_: &Call, _: args::GetCounter) -> Result<i64> {
    Ok(0)
}

pub async fn get_cpu_profile(_: &Call, _: args::GetCpuProfile) -> Result<FastStr> {
    Ok(FastStr::empty())
}

pub async fn get_options(call: &Call, _: args::GetOptions) -> Result<AHashMap<FastStr, FastStr>> {
    Ok(call.session.options().iter().map(|(key, value)| (wire(key), wire(value))).collect())
}

/// Empty for an option that was never set.
pub async fn get_option(call: &Call, args: args::GetOption) -> Result<FastStr> {
    let key = required(args.key, "key")?;
    Ok(call.session.options().get(&*key).map(|value| wire(value)).unwrap_or_default())
}

pub async fn set_option(call: &Call, args: args::SetOption) -> Result<()> {
    let key = required(args.key, "key")?;
    let value = required(args.value, "value")?;
    Ok(call.session.set_option(key.to_string(), value.to_string())?)
}

/// Settings are read at start only.
pub async fn reinitialize(_: &Call, _: args::Reinitialize) -> Result<()> {
    Ok(())
}

/// Clients send it where they mean to close their connection; the server is not theirs to stop.
pub async fn shutdown(_: &Call, _: args::Shutdown) -> Result<()> {
    Ok(())
}
