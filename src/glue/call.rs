//! One call under way: who asks for what of which catalog, and the names in it.

use std::sync::Arc;

use propolis_glue_api::OperationInfo;

use super::error::{Exception, Result};
use super::server::Settings;
use crate::auth::Identity;
use crate::catalog::{Caller, Service};
use crate::model::name::DEFAULT_CATALOG;
use crate::model::{DatabaseName, ResourceKey, TableName};

/// What a handler works with.
#[derive(Debug)]
pub struct Call {
    pub catalog: Service,
    pub settings: Arc<Settings>,
    pub identity: Identity,
    pub operation: &'static OperationInfo,
}

impl Call {
    pub fn caller(&self) -> Caller {
        let user = self.identity.user.clone().unwrap_or_else(|| self.identity.access_key_id.clone());
        Caller { user: Some(user).filter(|user| !user.is_empty()), groups: Vec::new() }
    }

    pub fn account(&self) -> &str {
        &self.identity.account_id
    }

    /// The tree that resources of this caller belong to; empty where all share one.
    pub fn scope(&self) -> String {
        if self.settings.separate_regions {
            format!("{}/{}", self.identity.account_id, self.identity.region)
        } else {
            String::new()
        }
    }

    /// The catalog that this caller means when it names none, as Hive's face calls it.
    pub fn default_catalog(&self) -> String {
        if self.settings.separate_regions {
            format!("{}_{}", self.identity.account_id, self.identity.region.replace('-', "_"))
        } else {
            DEFAULT_CATALOG.to_owned()
        }
    }

    /// The catalog of a CatalogId: the account is the default one, and `account:name` or `name` another.
    pub fn catalog_name(&self, id: Option<&str>) -> Result<String> {
        let Some(id) = id.filter(|id| *id != self.account()) else {
            return Ok(self.default_catalog());
        };
        let name = id.strip_prefix(self.account()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(id);
        if name.is_empty() || name.contains(':') || name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Exception::invalid_input(format!(
                "CatalogId {id} is none of this account: leave it out, or give {account} or {account}:catalog",
                account = self.account()
            ))
            .into());
        }
        if self.settings.separate_regions {
            return Ok(format!("{}/{name}", self.default_catalog()).to_lowercase());
        }
        Ok(name.to_lowercase())
    }

    /// The CatalogId of a catalog.
    pub fn catalog_id(&self, catalog: &str) -> String {
        let own = self.default_catalog();
        match catalog.strip_prefix(&own).and_then(|rest| rest.strip_prefix('/')) {
            _ if catalog == own => self.account().to_owned(),
            Some(child) => format!("{}:{child}", self.account()),
            None => format!("{}:{catalog}", self.account()),
        }
    }

    pub fn database(&self, catalog_id: Option<&str>, name: &str) -> Result<DatabaseName> {
        Ok(DatabaseName::new(&self.catalog_name(catalog_id)?, name))
    }

    pub fn table(&self, catalog_id: Option<&str>, database: &str, name: &str) -> Result<TableName> {
        Ok(TableName::new(&self.catalog_name(catalog_id)?, database, name))
    }

    /// A resource of this caller's tree.
    pub fn resource(&self, kind: &'static str, name: &str) -> ResourceKey {
        ResourceKey::new(&self.scope(), kind, name)
    }

    /// `arn:aws:glue:region:account:` and what follows, such as `job/name`.
    pub fn arn(&self, of: &str) -> String {
        format!("arn:aws:glue:{}:{}:{of}", self.identity.region, self.identity.account_id)
    }

    /// What an ARN is about: the part behind the account, such as `job/name`.
    pub fn arn_resource<'a>(&self, arn: &'a str) -> Result<&'a str> {
        let mut parts = arn.splitn(6, ':');
        let is_ours = parts.next() == Some("arn") && parts.nth(1) == Some("glue");
        parts.nth(2).filter(|resource| is_ours && !resource.is_empty()).ok_or_else(|| {
            Exception::invalid_input(format!(
                "{arn} is no ARN of this service: arn:aws:glue:region:account:kind/name is expected"
            ))
            .into()
        })
    }
}
