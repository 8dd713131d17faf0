//! The table of methods: each line names a method of the IDL and the function that serves it.

mod bygone;
mod catalogs;
mod compactions;
mod constraints;
mod data_connectors;
mod databases;
mod events;
mod functions;
mod ischemas;
mod locks;
mod measurements;
mod named_types;
mod partitions;
mod privileges;
mod programs;
mod projection;
mod properties;
mod resource_plans;
mod roles;
mod scheduled_queries;
mod session;
mod statistics;
mod tables;
mod tokens;
mod transactions;

use std::fmt;
use std::pin::Pin;

use propolis_thrift::codec::{ApplicationExceptionKind, Protocol, Writer};
use propolis_thrift::{METHODS, Method, MethodInfo, Reply, Request, methods as idl};

use super::call::Call;
use super::error::{Failure, Result};

/// What goes back to the client.
#[derive(Debug)]
pub enum Answer {
    /// A result or a declared exception; the message of the latter is repeated for the log.
    Reply { reply: Box<Reply>, failure: Option<String> },
    /// A result that is written piece by piece. `refuse` makes the answer where it turns out too large.
    Streamed { body: Box<dyn Body>, refuse: fn(Failure) -> Answer },
    /// Neither: a TApplicationException.
    Refused { kind: ApplicationExceptionKind, message: String },
}

/// A result too large to be built as structs: it writes itself, behind the reply's header.
pub trait Body: Send + fmt::Debug {
    /// Writes the next piece, of some 256 KiB; false when it was the last. All pieces go through one writer, which is
    /// drained between them.
    fn write_piece(&mut self, writer: &mut Writer) -> bool;

    /// How many bytes all pieces have in a protocol, exactly: the length of a frame must be known before its first byte
    /// is sent, and whether an answer is too large as well.
    fn size(&mut self, protocol: Protocol) -> usize;

    /// How many objects it has, for the message where it is too large.
    fn count(&self) -> usize;
}

macro_rules! serve {
    (
        typed { $($method:ident => $handler:path,)* }
        streamed { $($streamed:ident => $writer:path,)* }
    ) => {
        /// Carries out a call: a method of the IDL without a line here does not compile.
        pub async fn serve(call: &Call, request: Request) -> Answer {
            match request {
                // Boxed, or the future of every call would be as large as that of the largest.
                $(Request::$method(args) => answer::<idl::$method>(boxed(|| $handler(call, args)).await),)*
                $(Request::$streamed(args) => stream::<idl::$streamed>(boxed(|| $writer(call, args)).await),)*
            }
        }

        /// Names of the methods that are served.
        pub const SERVED: &[&str] = &[$(<idl::$method as Method>::NAME,)* $(<idl::$streamed as Method>::NAME,)*];
    };
}

serve! {
    typed {
        // Catalogs
        AlterCatalog => catalogs::alter_catalog,
        CreateCatalog => catalogs::create_catalog,
        DropCatalog => catalogs::drop_catalog,
        GetCatalog => catalogs::get_catalog,
        GetCatalogs => catalogs::get_catalogs,

        // Databases
        AlterDatabase => databases::alter_database,
        AlterDatabaseReq => databases::alter_database_req,
        CreateDatabase => databases::create_database,
        CreateDatabaseReq => databases::create_database_req,
        DropDatabase => databases::drop_database,
        DropDatabaseReq => databases::drop_database_req,
        GetAllDatabases => databases::get_all_databases,
        GetDatabase => databases::get_database,
        GetDatabaseReq => databases::get_database_req,
        GetDatabases => databases::get_databases,
        GetDatabasesReq => databases::get_databases_req,

        // Data connectors
        AlterDataconnectorReq => data_connectors::alter_dataconnector_req,
        CreateDataconnectorReq => data_connectors::create_dataconnector_req,
        DropDataconnectorReq => data_connectors::drop_dataconnector_req,
        GetDataconnectorReq => data_connectors::get_dataconnector_req,
        GetDataconnectors => data_connectors::get_dataconnectors,

        // Tables
        AlterTable => tables::alter_table,
        AlterTableReq => tables::alter_table_req,
        AlterTableWithCascade => tables::alter_table_with_cascade,
        AlterTableWithEnvironmentContext => tables::alter_table_with_environment_context,
        CreateTable => tables::create_table,
        CreateTableReq => tables::create_table_req,
        CreateTableWithConstraints => tables::create_table_with_constraints,
        CreateTableWithEnvironmentContext => tables::create_table_with_environment_context,
        DropTable => tables::drop_table,
        DropTableReq => tables::drop_table_req,
        DropTableWithEnvironmentContext => tables::drop_table_with_environment_context,
        GetAllTables => tables::get_all_tables,
        GetFields => tables::get_fields,
        GetFieldsReq => tables::get_fields_req,
        GetFieldsWithEnvironmentContext => tables::get_fields_with_environment_context,
        GetSchema => tables::get_schema,
        GetSchemaReq => tables::get_schema_req,
        GetSchemaWithEnvironmentContext => tables::get_schema_with_environment_context,
        GetTable => tables::get_table,
        GetTableMeta => tables::get_table_meta,
        GetTableNamesByFilter => tables::get_table_names_by_filter,
        GetTableObjectsByName => tables::get_table_objects_by_name,
        GetTableObjectsByNameReq => tables::get_table_objects_by_name_req,
        GetTableReq => tables::get_table_req,
        GetTables => tables::get_tables,
        GetTablesByType => tables::get_tables_by_type,
        GetTablesExt => tables::get_tables_ext,
        GetMaterializedViewsForRewriting => tables::get_materialized_views_for_rewriting,
        GetAllMaterializedViewObjectsForRewriting => tables::get_all_materialized_view_objects_for_rewriting,
        TranslateTableDryrun => tables::translate_table_dryrun,
        TruncateTable => tables::truncate_table,
        TruncateTableReq => tables::truncate_table_req,
        UpdateCreationMetadata => tables::update_creation_metadata,

        // Constraints
        AddCheckConstraint => constraints::add_check_constraint,
        AddDefaultConstraint => constraints::add_default_constraint,
        AddForeignKey => constraints::add_foreign_key,
        AddNotNullConstraint => constraints::add_not_null_constraint,
        AddPrimaryKey => constraints::add_primary_key,
        AddUniqueConstraint => constraints::add_unique_constraint,
        DropConstraint => constraints::drop_constraint,
        GetAllTableConstraints => constraints::get_all_table_constraints,
        GetCheckConstraints => constraints::get_check_constraints,
        GetDefaultConstraints => constraints::get_default_constraints,
        GetForeignKeys => constraints::get_foreign_keys,
        GetNotNullConstraints => constraints::get_not_null_constraints,
        GetPrimaryKeys => constraints::get_primary_keys,
        GetUniqueConstraints => constraints::get_unique_constraints,

        // Column statistics
        DeleteColumnStatisticsReq => statistics::delete_column_statistics_req,
        DeletePartitionColumnStatistics => statistics::delete_partition_column_statistics,
        DeleteTableColumnStatistics => statistics::delete_table_column_statistics,
        GetAggrStatsFor => statistics::get_aggr_stats_for,
        GetPartitionColumnStatistics => statistics::get_partition_column_statistics,
        GetPartitionsStatisticsReq => statistics::get_partitions_statistics_req,
        GetTableColumnStatistics => statistics::get_table_column_statistics,
        GetTableStatisticsReq => statistics::get_table_statistics_req,
        SetAggrStatsFor => statistics::set_aggr_stats_for,
        UpdatePartitionColumnStatistics => statistics::update_partition_column_statistics,
        UpdatePartitionColumnStatisticsReq => statistics::update_partition_column_statistics_req,
        UpdateTableColumnStatistics => statistics::update_table_column_statistics,
        UpdateTableColumnStatisticsReq => statistics::update_table_column_statistics_req,

        // Partitions
        AddPartition => partitions::add_partition,
        AddPartitionWithEnvironmentContext => partitions::add_partition_with_environment_context,
        AddPartitions => partitions::add_partitions,
        AddPartitionsPspec => partitions::add_partitions_pspec,
        AlterPartition => partitions::alter_partition,
        AlterPartitionWithEnvironmentContext => partitions::alter_partition_with_environment_context,
        AlterPartitions => partitions::alter_partitions,
        AlterPartitionsReq => partitions::alter_partitions_req,
        AlterPartitionsWithEnvironmentContext => partitions::alter_partitions_with_environment_context,
        AppendPartition => partitions::append_partition,
        AppendPartitionByName => partitions::append_partition_by_name,
        AppendPartitionByNameWithEnvironmentContext => partitions::append_partition_by_name_with_environment_context,
        AppendPartitionReq => partitions::append_partition_req,
        AppendPartitionWithEnvironmentContext => partitions::append_partition_with_environment_context,
        DropPartition => partitions::drop_partition,
        DropPartitionByName => partitions::drop_partition_by_name,
        DropPartitionByNameWithEnvironmentContext => partitions::drop_partition_by_name_with_environment_context,
        DropPartitionReq => partitions::drop_partition_req,
        DropPartitionWithEnvironmentContext => partitions::drop_partition_with_environment_context,
        ExchangePartition => partitions::exchange_partition,
        GetNumPartitionsByFilter => partitions::get_num_partitions_by_filter,
        GetPartSpecsByFilter => partitions::get_part_specs_by_filter,
        GetPartition => partitions::get_partition,
        GetPartitionByName => partitions::get_partition_by_name,
        GetPartitionReq => partitions::get_partition_req,
        GetPartitionValues => partitions::get_partition_values,
        GetPartitionWithAuth => partitions::get_partition_with_auth,
        GetPartitionsPspec => partitions::get_partitions_pspec,
        GetPartitionsSpecByExpr => partitions::get_partitions_spec_by_expr,
        GetPartitionsWithSpecs => partitions::get_partitions_with_specs,
        IsPartitionMarkedForEvent => partitions::is_partition_marked_for_event,
        MarkPartitionForEvent => partitions::mark_partition_for_event,
        PartitionNameHasValidCharacters => partitions::partition_name_has_valid_characters,
        PartitionNameToSpec => partitions::partition_name_to_spec,
        PartitionNameToVals => partitions::partition_name_to_vals,
        RenamePartition => partitions::rename_partition,
        RenamePartitionReq => partitions::rename_partition_req,

        // Functions
        AlterFunction => functions::alter_function,
        CreateFunction => functions::create_function,
        DropFunction => functions::drop_function,
        GetAllFunctions => functions::get_all_functions,
        GetFunction => functions::get_function,
        GetFunctions => functions::get_functions,
        GetFunctionsReq => functions::get_functions_req,

        // Stored procedures, packages
        AddPackage => programs::add_package,
        CreateStoredProcedure => programs::create_stored_procedure,
        DropPackage => programs::drop_package,
        DropStoredProcedure => programs::drop_stored_procedure,
        FindPackage => programs::find_package,
        GetAllPackages => programs::get_all_packages,
        GetAllStoredProcedures => programs::get_all_stored_procedures,
        GetStoredProcedure => programs::get_stored_procedure,

        // Resource plans
        AlterResourcePlan => resource_plans::alter_resource_plan,
        AlterWmPool => resource_plans::alter_wm_pool,
        AlterWmTrigger => resource_plans::alter_wm_trigger,
        CreateOrDropWmTriggerToPoolMapping => resource_plans::create_or_drop_wm_trigger_to_pool_mapping,
        CreateOrUpdateWmMapping => resource_plans::create_or_update_wm_mapping,
        CreateResourcePlan => resource_plans::create_resource_plan,
        CreateWmPool => resource_plans::create_wm_pool,
        CreateWmTrigger => resource_plans::create_wm_trigger,
        DropResourcePlan => resource_plans::drop_resource_plan,
        DropWmMapping => resource_plans::drop_wm_mapping,
        DropWmPool => resource_plans::drop_wm_pool,
        DropWmTrigger => resource_plans::drop_wm_trigger,
        GetActiveResourcePlan => resource_plans::get_active_resource_plan,
        GetAllResourcePlans => resource_plans::get_all_resource_plans,
        GetResourcePlan => resource_plans::get_resource_plan,
        GetTriggersForResourceplan => resource_plans::get_triggers_for_resourceplan,
        ValidateResourcePlan => resource_plans::validate_resource_plan,

        // Scheduled queries
        GetScheduledQuery => scheduled_queries::get_scheduled_query,
        ScheduledQueryMaintenance => scheduled_queries::scheduled_query_maintenance,
        ScheduledQueryPoll => scheduled_queries::scheduled_query_poll,
        ScheduledQueryProgress => scheduled_queries::scheduled_query_progress,

        // Runtime statistics, metrics of replication
        AddReplicationMetrics => measurements::add_replication_metrics,
        AddRuntimeStats => measurements::add_runtime_stats,
        GetReplicationMetrics => measurements::get_replication_metrics,
        GetRuntimeStats => measurements::get_runtime_stats,

        // Types
        CreateType => named_types::create_type,
        DropType => named_types::drop_type,
        GetType => named_types::get_type,
        GetTypeAll => named_types::get_type_all,

        // Schemas of databases, SerDes
        AddSchemaVersion => ischemas::add_schema_version,
        AddSerde => ischemas::add_serde,
        AlterIschema => ischemas::alter_ischema,
        CreateIschema => ischemas::create_ischema,
        DropIschema => ischemas::drop_ischema,
        DropSchemaVersion => ischemas::drop_schema_version,
        GetIschema => ischemas::get_ischema,
        GetSchemaAllVersions => ischemas::get_schema_all_versions,
        GetSchemaLatestVersion => ischemas::get_schema_latest_version,
        GetSchemaVersion => ischemas::get_schema_version,
        GetSchemasByCols => ischemas::get_schemas_by_cols,
        GetSerde => ischemas::get_serde,
        MapSchemaVersionToSerde => ischemas::map_schema_version_to_serde,
        SetSchemaVersionState => ischemas::set_schema_version_state,

        // Properties
        GetProperties => properties::get_properties,
        SetProperties => properties::set_properties,

        // Indexes, metadata of files, recycling
        AddIndex => bygone::add_index,
        AlterIndex => bygone::alter_index,
        CacheFileMetadata => bygone::cache_file_metadata,
        ClearFileMetadata => bygone::clear_file_metadata,
        CmRecycle => bygone::cm_recycle,
        DropIndexByName => bygone::drop_index_by_name,
        GetFileMetadata => bygone::get_file_metadata,
        GetFileMetadataByExpr => bygone::get_file_metadata_by_expr,
        GetIndexByName => bygone::get_index_by_name,
        GetIndexNames => bygone::get_index_names,
        GetIndexes => bygone::get_indexes,
        PutFileMetadata => bygone::put_file_metadata,

        // Roles
        CreateRole => roles::create_role,
        DropRole => roles::drop_role,
        GetPrincipalsInRole => roles::get_principals_in_role,
        GetRoleGrantsForPrincipal => roles::get_role_grants_for_principal,
        GetRoleNames => roles::get_role_names,
        GrantRevokeRole => roles::grant_revoke_role,
        GrantRole => roles::grant_role,
        ListRoles => roles::list_roles,
        RevokeRole => roles::revoke_role,

        // Privileges
        GetPrivilegeSet => privileges::get_privilege_set,
        GrantPrivileges => privileges::grant_privileges,
        GrantRevokePrivileges => privileges::grant_revoke_privileges,
        ListPrivileges => privileges::list_privileges,
        RefreshPrivileges => privileges::refresh_privileges,
        RevokePrivileges => privileges::revoke_privileges,

        // Events
        FireListenerEvent => events::fire_listener_event,
        GetCurrentNotificationEventId => events::get_current_notification_event_id,
        GetNextNotification => events::get_next_notification,
        GetNotificationEventsCount => events::get_notification_events_count,

        // Locks
        CheckLock => locks::check_lock,
        Heartbeat => locks::heartbeat,
        Lock => locks::lock,
        ShowLocks => locks::show_locks,
        Unlock => locks::unlock,

        // Tokens
        AddMasterKey => tokens::add_master_key,
        AddToken => tokens::add_token,
        CancelDelegationToken => tokens::cancel_delegation_token,
        GetAllTokenIdentifiers => tokens::get_all_token_identifiers,
        GetDelegationToken => tokens::get_delegation_token,
        GetMasterKeys => tokens::get_master_keys,
        GetToken => tokens::get_token,
        RemoveMasterKey => tokens::remove_master_key,
        RemoveToken => tokens::remove_token,
        RenewDelegationToken => tokens::renew_delegation_token,
        UpdateMasterKey => tokens::update_master_key,

        // Transactions
        AbortTxn => transactions::abort_txn,
        AbortTxns => transactions::abort_txns,
        AddDynamicPartitions => transactions::add_dynamic_partitions,
        AddWriteIdsToMinHistory => transactions::add_write_ids_to_min_history,
        AddWriteNotificationLog => transactions::add_write_notification_log,
        AddWriteNotificationLogInBatch => transactions::add_write_notification_log_in_batch,
        AllocateTableWriteIds => transactions::allocate_table_write_ids,
        CommitTxn => transactions::commit_txn,
        GetAllWriteEventInfo => transactions::get_all_write_event_info,
        GetLatestTxnidInConflict => transactions::get_latest_txnid_in_conflict,
        GetLockMaterializationRebuild => transactions::get_lock_materialization_rebuild,
        GetMaterializationInvalidationInfo => transactions::get_materialization_invalidation_info,
        GetMaxAllocatedTableWriteId => transactions::get_max_allocated_table_write_id,
        GetOpenTxns => transactions::get_open_txns,
        GetOpenTxnsInfo => transactions::get_open_txns_info,
        GetOpenTxnsReq => transactions::get_open_txns_req,
        GetReplayedTxnsForPolicy => transactions::get_replayed_txns_for_policy,
        GetValidWriteIds => transactions::get_valid_write_ids,
        HeartbeatLockMaterializationRebuild => transactions::heartbeat_lock_materialization_rebuild,
        HeartbeatTxnRange => transactions::heartbeat_txn_range,
        OpenTxns => transactions::open_txns,
        ReplTblWriteidState => transactions::repl_tbl_writeid_state,
        SeedTxnId => transactions::seed_txn_id,
        SeedWriteId => transactions::seed_write_id,
        UpdateTransactionStatistics => transactions::update_transaction_statistics,

        // Compactions
        AbortCompactions => compactions::abort_compactions,
        Compact => compactions::compact,
        Compact2 => compactions::compact2,
        FindColumnsWithStats => compactions::find_columns_with_stats,
        FindNextCompact => compactions::find_next_compact,
        FindNextCompact2 => compactions::find_next_compact2,
        GetLatestCommittedCompactionInfo => compactions::get_latest_committed_compaction_info,
        MarkCleaned => compactions::mark_cleaned,
        MarkCompacted => compactions::mark_compacted,
        MarkFailed => compactions::mark_failed,
        MarkRefused => compactions::mark_refused,
        RemoveCompactionMetricsData => compactions::remove_compaction_metrics_data,
        SetHadoopJobid => compactions::set_hadoop_jobid,
        ShowCompact => compactions::show_compact,
        SubmitForCleanup => compactions::submit_for_cleanup,
        UpdateCompactionMetricsData => compactions::update_compaction_metrics_data,
        UpdateCompactorState => compactions::update_compactor_state,

        // Connection and server
        AliveSince => session::alive_since,
        FlushCache => session::flush_cache,
        GetConfigValue => session::get_config_value,
        GetCounter => session::get_counter,
        GetCounters => session::get_counters,
        GetCpuProfile => session::get_cpu_profile,
        GetMetaConf => session::get_meta_conf,
        GetMetastoreDbUuid => session::get_metastore_db_uuid,
        GetName => session::get_name,
        GetOption => session::get_option,
        GetOptions => session::get_options,
        GetStatus => session::get_status,
        GetStatusDetails => session::get_status_details,
        GetVersion => session::get_version,
        Reinitialize => session::reinitialize,
        SetMetaConf => session::set_meta_conf,
        SetOption => session::set_option,
        SetUgi => session::set_ugi,
        Shutdown => session::shutdown,
    }
    streamed {
        // Partitions
        AddPartitionsReq => partitions::add_partitions_req,
        DropPartitionsReq => partitions::drop_partitions_req,
        ExchangePartitions => partitions::exchange_partitions,
        FetchPartitionNamesReq => partitions::fetch_partition_names_req,
        GetPartitionNames => partitions::get_partition_names,
        GetPartitionNamesPs => partitions::get_partition_names_ps,
        GetPartitionNamesPsReq => partitions::get_partition_names_ps_req,
        GetPartitionNamesReq => partitions::get_partition_names_req,
        GetPartitions => partitions::get_partitions,
        GetPartitionsByExpr => partitions::get_partitions_by_expr,
        GetPartitionsByFilter => partitions::get_partitions_by_filter,
        GetPartitionsByFilterReq => partitions::get_partitions_by_filter_req,
        GetPartitionsByNames => partitions::get_partitions_by_names,
        GetPartitionsByNamesReq => partitions::get_partitions_by_names_req,
        GetPartitionsPs => partitions::get_partitions_ps,
        GetPartitionsPsWithAuth => partitions::get_partitions_ps_with_auth,
        GetPartitionsPsWithAuthReq => partitions::get_partitions_ps_with_auth_req,
        GetPartitionsReq => partitions::get_partitions_req,
        GetPartitionsWithAuth => partitions::get_partitions_with_auth,
    }
}

/// Made in a frame of its own: that of `serve` would otherwise have room for the future of every method.
#[inline(never)]
fn boxed<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(make())
}

/// The reply of a method: its result, the exception that it declares for a failure, or, where it declares none that
/// fits, what Apache's server sends then.
fn answer<M: Method>(result: Result<M::Ok>) -> Answer {
    match result {
        Ok(value) => match M::reply(Ok(value)) {
            Ok(reply) => Answer::Reply { reply: Box::new(reply), failure: None },
            Err(exception) => internal(M::NAME, exception.message()),
        },
        Err(failure) => refuse::<M>(failure),
    }
}

fn stream<M: Method>(result: Result<Box<dyn Body>>) -> Answer {
    match result {
        Ok(body) => Answer::Streamed { body, refuse: refuse::<M> },
        Err(failure) => refuse::<M>(failure),
    }
}

fn refuse<M: Method>(failure: Failure) -> Answer {
    let message = failure.message().to_owned();
    match failure.exception(M::THROWS).map(|exception| M::reply(Err(exception))) {
        Some(Ok(reply)) => Answer::Reply { reply: Box::new(reply), failure: Some(message) },
        _ => internal(M::NAME, &message),
    }
}

fn internal(method: &str, message: &str) -> Answer {
    Answer::Refused {
        kind: ApplicationExceptionKind::INTERNAL_ERROR,
        message: format!("Internal error processing {method}: {message}"),
    }
}

/// Methods of the IDL in order of their names, each with whether it is served.
pub fn states() -> impl Iterator<Item = (&'static MethodInfo, bool)> {
    METHODS.iter().map(|method| (method, SERVED.contains(&method.name)))
}
