//! What Hive 4's default transformer does: tables are shown by what a client says it can do, and new tables that are
//! managed and not transactional become external ones. Only in the default catalog, only where the rules want it
//! (`metastore.metadata.transformer.class`), and of what is shown only for clients that say what they can do.

mod access;

use propolis_thrift::{FastStr, types};

use super::call::Call;
use super::error::Result;
use crate::error::{CatalogError, ErrorKind};
use crate::hms::session::meta_conf::CAPABILITY_CHECK;
use crate::model::parameters::is_true;
use crate::model::{Database, Parameters, Table, table_kind};
use crate::warehouse::Location;

use access::{ACCEPTS_UNMODIFIED_METADATA, HIVE_BUCKET_2, HIVE_FULL_ACID_WRITE, HIVE_MANAGED_INSERT_WRITE};

pub use access::Access;

/// For one that is not shown by what a client can do.
const RAW_METADATA: [&str; 2] = ["MANAGERAWMETADATA", "MANAGE_RAW_METADATA"];
/// What a client makes external itself, with a flag in the environment of the call.
pub const CREATE_AS_EXTERNAL: &str = "create_table_as_external";

/// What a client says it can do, in Hive's words (`processorCapabilities`).
#[derive(Debug, Default)]
pub struct Capabilities(Vec<String>);

impl Capabilities {
    pub fn new(sent: Option<Vec<FastStr>>) -> Self {
        Self(sent.unwrap_or_default().iter().map(ToString::to_string).collect())
    }

    fn has(&self, capability: &str) -> bool {
        self.0.iter().any(|own| own == capability)
    }

    fn has_any(&self, capabilities: &[&str]) -> bool {
        capabilities.iter().any(|capability| self.has(capability))
    }

    /// Whether this client is shown a table of this catalog by what it can do.
    fn shape(&self, call: &Call, catalog: &str) -> bool {
        translates(call, catalog) && !self.0.is_empty() && !self.has_any(&RAW_METADATA)
    }
}

fn translates(call: &Call, catalog: &str) -> bool {
    call.catalog.rules().hive.translates && catalog == call.default_catalog()
}

/// A table as a client may see it: with how it may use it, and what it would need to use it further.
pub fn show_table(call: &Call, table: &Table, capabilities: &Capabilities, shown: &mut types::Table) {
    if !capabilities.shape(call, &table.name.catalog) {
        return;
    }
    let access = Access::of(table, capabilities);
    shown.access_type = Some(access.kind);
    shown.required_read_capabilities = access.wire_reads();
    shown.required_write_capabilities = access.wire_writes();
    if access.hides_buckets
        && let Some(sd) = &mut shown.sd
    {
        sd.num_buckets = Some(-1);
    }
}

/// What the access to a table is, for lists that tell just that; None where nothing depends on the client.
pub fn access_to(call: &Call, table: &Table, capabilities: &Capabilities) -> Option<Access> {
    capabilities.shape(call, &table.name.catalog).then(|| Access::of(table, capabilities))
}

/// Whether the buckets of a table's partitions are hidden from a client that would write them wrongly.
pub fn hides_buckets(call: &Call, table: &Table, capabilities: &Capabilities) -> bool {
    if !capabilities.shape(call, &table.name.catalog) || capabilities.has(ACCEPTS_UNMODIFIED_METADATA) {
        return false;
    }
    let plain = table.kind == table_kind::MANAGED && !is_true(&table.parameters, "transactional");
    let external = table.kind == table_kind::EXTERNAL;
    match access::required(table) {
        None => (external || plain) && !capabilities.has(HIVE_BUCKET_2),
        Some(required) => {
            let lacks = required.iter().any(|required| !capabilities.has(required));
            lacks && (external || plain) && !capabilities.has(HIVE_BUCKET_2)
        }
    }
}

/// A database whose location lies in the warehouse for managed tables has a place of its own for external ones, and
/// shows the former to those who can write there.
pub fn show_database(call: &Call, database: &Database, capabilities: &Capabilities, shown: &mut types::Database) {
    if !translates(call, &database.name.catalog) || capabilities.has_any(&RAW_METADATA) {
        return;
    }
    let rules = call.catalog.rules();
    let is_managed = |location: &str| is_under(location, &rules.warehouse);
    let Some(location) = database.location.as_deref().filter(|location| is_managed(location)) else { return };
    if capabilities.has_any(&[HIVE_MANAGED_INSERT_WRITE, HIVE_FULL_ACID_WRITE]) {
        shown.managed_location_uri = Some(FastStr::new(location));
    }
    let external = format!("{}/{}.db", rules.external_warehouse.trim_end_matches('/'), database.name.database);
    shown.location_uri = Some(external.into());
}

/// Makes a table that is to be created what Hive 4 makes of it.
pub async fn of_new_table(call: &Call, table: &mut Table, capabilities: &Capabilities) -> Result<()> {
    if !translates(call, &table.name.catalog) {
        return Ok(());
    }
    let database = match call.catalog.get_database(&table.name.database_name()).await {
        // The creation says so itself.
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        database => database?,
    };
    let insert_only = is_insert_only(&table.parameters);
    let transactional = table.parameters.get("transactional").is_some_and(|is| !is.eq_ignore_ascii_case("false"));
    let managed = table.kind.is_empty() || table.kind == table_kind::MANAGED;
    if managed && !is_true(&table.parameters, "EXTERNAL") {
        let as_external = is_true(&table.parameters, CREATE_AS_EXTERNAL);
        if !transactional && (!insert_only || as_external) {
            return to_external(call, table, &database).await;
        }
        if is_true(&database.parameters, "EXTERNAL_TABLES_ONLY") {
            return Err(refused(format!(
                "Creation of ACID table is not allowed when the property 'EXTERNAL_TABLES_ONLY'='TRUE' is set on the \
                 database: {}",
                database.name
            )));
        }
        let needed = if insert_only { HIVE_MANAGED_INSERT_WRITE } else { HIVE_FULL_ACID_WRITE };
        if !capabilities.has(needed) {
            return Err(refused(format!(
                "Processor does not have capabilities to create a {} ACID table: {needed} is missing",
                if insert_only { "INSERT" } else { "FULL" }
            )));
        }
        check_place(call, table, &database)
    } else if table.kind == table_kind::EXTERNAL {
        check_place(call, table, &database)
    } else {
        Ok(())
    }
}

/// The same for a table that is to be altered: it may not move to where its kind does not belong.
pub async fn of_altered_table(call: &Call, before: &Table, after: &Table) -> Result<()> {
    if !translates(call, &after.name.catalog) || before.location == after.location || before.location.is_none() {
        return Ok(());
    }
    match call.catalog.get_database(&after.name.database_name()).await {
        Ok(database) => check_place(call, after, &database),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn to_external(call: &Call, table: &mut Table, database: &Database) -> Result<()> {
    table.kind = table_kind::EXTERNAL.to_owned();
    table.parameters.remove("transactional");
    table.parameters.remove("transactional_properties");
    for flag in ["EXTERNAL", "external.table.purge", "TRANSLATED_TO_EXTERNAL"] {
        table.parameters.insert(flag.to_owned(), "TRUE".to_owned());
    }
    if table.location.as_deref().is_none_or(|location| location.trim().is_empty()) {
        let mode = call.catalog.rules().hive.translated_location;
        table.location = Some(call.catalog.translated_location(database, &table.name.table, mode).await?);
    }
    Ok(())
}

/// Managed tables lie in the warehouse for managed ones, or in that of their database; external ones do not.
fn check_place(call: &Call, table: &Table, database: &Database) -> Result<()> {
    let Some(location) = table.location.as_deref().filter(|location| !location.is_empty()) else { return Ok(()) };
    let warehouse = &call.catalog.rules().warehouse;
    let name = &table.name.table;
    if table.kind == table_kind::EXTERNAL {
        if is_under(location, warehouse) {
            return Err(refused(format!(
                "An external table's location should not be located within managed warehouse root directory, \
                 table:{name},location:{location},managed warehouse:{warehouse}"
            )));
        }
    } else if table.kind.is_empty() || table.kind == table_kind::MANAGED {
        match &database.managed_location {
            Some(managed) if !is_under(location, managed) => {
                return Err(refused(
                    "Illegal location for managed table, it has to be within database's managed location".to_owned(),
                ));
            }
            None if !is_under(location, warehouse) => {
                return Err(refused(format!(
                    "A managed table's location should be located within managed warehouse root directory or within \
                     its database's managedLocationUri. Table {name}'s location is not valid:{location}, managed \
                     warehouse:{warehouse}"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_under(location: &str, folder: &str) -> bool {
    match (Location::parse(location), Location::parse(folder)) {
        (Ok(location), Ok(folder)) => location.is_under(&folder),
        _ => false,
    }
}

fn refused(message: String) -> super::error::Failure {
    CatalogError::invalid_input(message).into()
}

fn is_insert_only(parameters: &Parameters) -> bool {
    parameters.get("transactional_properties").is_some_and(|kind| kind.eq_ignore_ascii_case("insert_only"))
}

/// Refuses a client that would read a table wrongly: one that only holds inserts in the layout of ACID tables.
pub fn check_client(call: &Call, sent: Option<&types::ClientCapabilities>, tables: &[&Table]) -> Result<()> {
    let can = |wanted| sent.is_some_and(|sent| sent.values.contains(&wanted));
    let refuse = |what: &str| {
        refused(format!(
            "Your client does not appear to support {what}. To skip capability checks, please set {CAPABILITY_CHECK} to \
             false. This setting can be set globally, or on the client for the current metastore session. Note that \
             this may lead to incorrect results, data loss, undefined behavior, etc. if your client is actually \
             incompatible. You can also specify custom client capabilities via get_table_req API."
        ))
    };
    let needs_more = |table: &&Table| is_insert_only(&table.parameters) && is_true(&table.parameters, "transactional");
    let lacks_test = call.catalog.rules().hive.in_test && !can(types::ClientCapability::TEST_CAPABILITY);
    let lacks_insert =
        !can(types::ClientCapability::INSERT_ONLY_TABLES) && tables.iter().copied().any(|table| needs_more(&table));
    if !(lacks_test || lacks_insert) || call.meta_conf(CAPABILITY_CHECK)?.eq_ignore_ascii_case("false") {
        return Ok(());
    }
    Err(refuse(if lacks_test { "Hive tests" } else { "insert-only tables" }))
}
