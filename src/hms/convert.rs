//! The model's types and the wire's, each way in one place, one file a noun.

pub mod catalogs;
pub mod compactions;
pub mod constraints;
pub mod data_connectors;
pub mod databases;
pub mod events;
pub mod functions;
pub mod ischemas;
pub mod locks;
pub mod partitions;
pub mod privileges;
pub mod resource_plans;
pub mod statistics;
pub mod storage;
pub mod tables;
mod tjson;
pub mod transactions;

use propolis_thrift::{AHashMap, FastStr, types};

use crate::error::{CatalogError, Result};
use crate::model::{Parameters, PrincipalType};

pub fn text(text: Option<FastStr>) -> Option<String> {
    text.map(|text| text.to_string())
}

pub fn wire(text: &str) -> FastStr {
    FastStr::new(text)
}

pub fn wire_option(text: Option<&String>) -> Option<FastStr> {
    text.map(FastStr::new)
}

pub fn wire_list<S: AsRef<str>>(texts: &[S]) -> Vec<FastStr> {
    texts.iter().map(FastStr::new).collect()
}

pub fn texts(texts: Option<Vec<FastStr>>) -> Vec<String> {
    texts.unwrap_or_default().into_iter().map(|text| text.to_string()).collect()
}

/// Null means empty.
pub fn parameters(map: Option<AHashMap<FastStr, FastStr>>) -> Parameters {
    map.unwrap_or_default().into_iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

pub fn wire_parameters(parameters: &Parameters) -> AHashMap<FastStr, FastStr> {
    parameters.iter().map(|(key, value)| (wire(key), wire(value))).collect()
}

/// Seconds as the wire has them. What no longer fits in 32 bits is the last second that does.
pub fn seconds(time: i64) -> i32 {
    time.try_into().unwrap_or(i32::MAX)
}

pub fn principal_type(kind: types::PrincipalType) -> Result<PrincipalType> {
    match kind {
        types::PrincipalType::USER => Ok(PrincipalType::User),
        types::PrincipalType::ROLE => Ok(PrincipalType::Role),
        types::PrincipalType::GROUP => Ok(PrincipalType::Group),
        other => Err(CatalogError::invalid_input(format!(
            "{} is not a principal type: 1 user, 2 role or 3 group",
            other.inner()
        ))),
    }
}

pub fn wire_principal_type(kind: PrincipalType) -> types::PrincipalType {
    match kind {
        PrincipalType::User => types::PrincipalType::USER,
        PrincipalType::Role => types::PrincipalType::ROLE,
        PrincipalType::Group => types::PrincipalType::GROUP,
    }
}
