//! The table of operations: each line names an operation of the model and the function that serves it.

use propolis_glue_api::{Invalid, OPERATIONS, Operation, OperationInfo, operations as api};
use serde_json::{Map, Value};

use super::call::Call;
use super::error::{Exception, Result};

mod blueprints;
mod bookmarks;
mod catalogs;
mod classifiers;
mod connections;
mod crawlers;
pub(super) mod crawls;
mod custom_entity_types;
mod data_quality;
mod databases;
mod dev_endpoints;
mod encryption;
mod functions;
mod imports;
pub(super) mod job_runs;
mod jobs;
pub(super) mod kept;
mod materialized_views;
mod ml_transforms;
mod optimizers;
mod partition_indexes;
mod partitions;
pub(super) mod parts;
mod policies;
mod schemas;
mod search;
mod security_configurations;
pub(super) mod sessions;
mod statistics;
pub(super) mod statistics_tasks;
mod table_versions;
mod tables;
mod tags;
mod triggers;
mod unfiltered;
mod usage_profiles;
pub(super) mod workflow_runs;
mod workflows;

macro_rules! serve {
    (
        typed { $($typed:ident => $handler:path,)* }
        documents { $($document:ident => $function:path,)* }
        raw { $($raw:ident => $writer:path,)* }
        refused { $($reason:literal { $($refused:ident,)* })* }
    ) => {
        /// Carries out a call whose input was checked; the answer is JSON.
        pub async fn serve(call: &Call, input: Value) -> Result<Vec<u8>> {
            // Boxed, or the future of every call would be as large as that of the largest.
            match call.operation.name {
                $(stringify!($typed) => {
                    let input = read::<api::$typed>(input)?;
                    write::<api::$typed>(&Box::pin($handler(call, input)).await?)
                })*
                $(stringify!($document) => {
                    let output = Box::pin($function(call, object(call.operation.input.project(input)))).await?;
                    document::<api::$document>(output)
                })*
                $(stringify!($raw) => Box::pin($writer(call, read::<api::$raw>(input)?)).await,)*
                $($(stringify!($refused) => Err(refused(stringify!($refused), $reason).into()),)*)*
                name => Err(refused(name, "this part of the service is not there").into()),
            }
        }

        /// Names of the operations that are carried out.
        const SERVED: &[&str] = &[
            $(<api::$typed as Operation>::INFO.name,)*
            $(<api::$document as Operation>::INFO.name,)*
            $(<api::$raw as Operation>::INFO.name,)*
        ];

        /// Operations that are refused for a reason of their own, and the reason.
        const REFUSED: &[(&str, &str)] = &[$($((<api::$refused as Operation>::INFO.name, $reason),)*)*];
    };
}

serve! {
    // Input and output are the types of the model.
    typed {
        // Catalogs
        CreateCatalog => catalogs::create_catalog,
        DeleteCatalog => catalogs::delete_catalog,
        GetCatalog => catalogs::get_catalog,
        GetCatalogs => catalogs::get_catalogs,
        UpdateCatalog => catalogs::update_catalog,
        // Databases
        CreateDatabase => databases::create_database,
        DeleteDatabase => databases::delete_database,
        GetDatabase => databases::get_database,
        GetDatabases => databases::get_databases,
        UpdateDatabase => databases::update_database,
        // Functions
        CreateUserDefinedFunction => functions::create_user_defined_function,
        DeleteUserDefinedFunction => functions::delete_user_defined_function,
        GetUserDefinedFunction => functions::get_user_defined_function,
        GetUserDefinedFunctions => functions::get_user_defined_functions,
        UpdateUserDefinedFunction => functions::update_user_defined_function,
        // Tables
        BatchDeleteTable => tables::batch_delete_table,
        CreateTable => tables::create_table,
        DeleteTable => tables::delete_table,
        GetTable => tables::get_table,
        GetTables => tables::get_tables,
        UpdateTable => tables::update_table,
        SearchTables => search::search_tables,
        // Table versions
        BatchDeleteTableVersion => table_versions::batch_delete_table_version,
        DeleteTableVersion => table_versions::delete_table_version,
        GetTableVersion => table_versions::get_table_version,
        GetTableVersions => table_versions::get_table_versions,
        // Partitions
        CreatePartition => partitions::create_partition,
        UpdatePartition => partitions::update_partition,
        DeletePartition => partitions::delete_partition,
        BatchCreatePartition => partitions::batch_create_partition,
        BatchUpdatePartition => partitions::batch_update_partition,
        BatchDeletePartition => partitions::batch_delete_partition,
        CreatePartitionIndex => partition_indexes::create_partition_index,
        GetPartitionIndexes => partition_indexes::get_partition_indexes,
        DeletePartitionIndex => partition_indexes::delete_partition_index,
        // Column statistics
        GetColumnStatisticsForTable => statistics::get_column_statistics_for_table,
        UpdateColumnStatisticsForTable => statistics::update_column_statistics_for_table,
        DeleteColumnStatisticsForTable => statistics::delete_column_statistics_for_table,
        GetColumnStatisticsForPartition => statistics::get_column_statistics_for_partition,
        UpdateColumnStatisticsForPartition => statistics::update_column_statistics_for_partition,
        DeleteColumnStatisticsForPartition => statistics::delete_column_statistics_for_partition,
        // Schema registry
        CheckSchemaVersionValidity => schemas::versions::check_schema_version_validity,
        CreateRegistry => schemas::registries::create_registry,
        CreateSchema => schemas::create_schema,
        DeleteRegistry => schemas::registries::delete_registry,
        DeleteSchema => schemas::delete_schema,
        DeleteSchemaVersions => schemas::versions::delete_schema_versions,
        GetRegistry => schemas::registries::get_registry,
        GetSchema => schemas::get_schema,
        GetSchemaByDefinition => schemas::versions::get_schema_by_definition,
        GetSchemaVersion => schemas::versions::get_schema_version,
        GetSchemaVersionsDiff => schemas::versions::get_schema_versions_diff,
        ListRegistries => schemas::registries::list_registries,
        ListSchemaVersions => schemas::versions::list_schema_versions,
        ListSchemas => schemas::list_schemas,
        PutSchemaVersionMetadata => schemas::metadata::put_schema_version_metadata,
        QuerySchemaVersionMetadata => schemas::metadata::query_schema_version_metadata,
        RegisterSchemaVersion => schemas::versions::register_schema_version,
        RemoveSchemaVersionMetadata => schemas::metadata::remove_schema_version_metadata,
        UpdateRegistry => schemas::registries::update_registry,
        UpdateSchema => schemas::update_schema,
        // Catalog settings
        GetDataCatalogEncryptionSettings => encryption::get_data_catalog_encryption_settings,
        PutDataCatalogEncryptionSettings => encryption::put_data_catalog_encryption_settings,
        GetDataCatalogExportConfiguration => encryption::get_data_catalog_export_configuration,
        PutDataCatalogExportConfiguration => encryption::put_data_catalog_export_configuration,
        GetCatalogImportStatus => imports::get_catalog_import_status,
        ImportCatalogToGlue => imports::import_catalog_to_glue,
        // Resource policies
        DeleteResourcePolicy => policies::delete_resource_policy,
        GetResourcePolicies => policies::get_resource_policies,
        GetResourcePolicy => policies::get_resource_policy,
        PutResourcePolicy => policies::put_resource_policy,
        // Crawls
        ListCrawls => crawls::list_crawls,
        // Table optimizers
        BatchGetTableOptimizer => optimizers::batch_get_table_optimizer,
        CreateTableOptimizer => optimizers::create_table_optimizer,
        DeleteTableOptimizer => optimizers::delete_table_optimizer,
        GetTableOptimizer => optimizers::get_table_optimizer,
        ListTableOptimizerRuns => optimizers::list_table_optimizer_runs,
        UpdateTableOptimizer => optimizers::update_table_optimizer,
        // Materialized views
        GetMaterializedViewRefreshTaskRun => materialized_views::get_materialized_view_refresh_task_run,
        ListMaterializedViewRefreshTaskRuns => materialized_views::list_materialized_view_refresh_task_runs,
        StopMaterializedViewRefreshTaskRun => materialized_views::stop_materialized_view_refresh_task_run,
        // For engines that filter by themselves
        GetUnfilteredTableMetadata => unfiltered::get_unfiltered_table_metadata,
        // Tags
        GetTags => tags::get_tags,
        TagResource => tags::tag_resource,
        UntagResource => tags::untag_resource,
    }
    // Input and output are JSON objects: for what is kept as it was defined. What the model does not have is left out of
    // the answer.
    documents {
        // Column statistics tasks
        CreateColumnStatisticsTaskSettings => statistics_tasks::create_column_statistics_task_settings,
        DeleteColumnStatisticsTaskSettings => statistics_tasks::delete_column_statistics_task_settings,
        GetColumnStatisticsTaskRun => statistics_tasks::get_column_statistics_task_run,
        GetColumnStatisticsTaskRuns => statistics_tasks::get_column_statistics_task_runs,
        GetColumnStatisticsTaskSettings => statistics_tasks::get_column_statistics_task_settings,
        ListColumnStatisticsTaskRuns => statistics_tasks::list_column_statistics_task_runs,
        StartColumnStatisticsTaskRun => statistics_tasks::start_column_statistics_task_run,
        StartColumnStatisticsTaskRunSchedule => statistics_tasks::start_column_statistics_task_run_schedule,
        StopColumnStatisticsTaskRun => statistics_tasks::stop_column_statistics_task_run,
        StopColumnStatisticsTaskRunSchedule => statistics_tasks::stop_column_statistics_task_run_schedule,
        UpdateColumnStatisticsTaskSettings => statistics_tasks::update_column_statistics_task_settings,
        // Classifiers
        CreateClassifier => classifiers::create_classifier,
        DeleteClassifier => classifiers::delete_classifier,
        GetClassifier => classifiers::get_classifier,
        GetClassifiers => classifiers::get_classifiers,
        UpdateClassifier => classifiers::update_classifier,
        // Connections
        BatchDeleteConnection => connections::batch_delete_connection,
        CreateConnection => connections::create_connection,
        DeleteConnection => connections::delete_connection,
        GetConnection => connections::get_connection,
        GetConnections => connections::get_connections,
        UpdateConnection => connections::update_connection,
        // Crawlers
        BatchGetCrawlers => crawlers::batch_get_crawlers,
        CreateCrawler => crawlers::create_crawler,
        DeleteCrawler => crawlers::delete_crawler,
        GetCrawler => crawlers::get_crawler,
        GetCrawlerMetrics => crawlers::get_crawler_metrics,
        GetCrawlers => crawlers::get_crawlers,
        ListCrawlers => crawlers::list_crawlers,
        StartCrawler => crawlers::start_crawler,
        StartCrawlerSchedule => crawlers::start_crawler_schedule,
        StopCrawler => crawlers::stop_crawler,
        StopCrawlerSchedule => crawlers::stop_crawler_schedule,
        UpdateCrawler => crawlers::update_crawler,
        UpdateCrawlerSchedule => crawlers::update_crawler_schedule,
        // Custom entity types
        BatchGetCustomEntityTypes => custom_entity_types::batch_get_custom_entity_types,
        CreateCustomEntityType => custom_entity_types::create_custom_entity_type,
        DeleteCustomEntityType => custom_entity_types::delete_custom_entity_type,
        GetCustomEntityType => custom_entity_types::get_custom_entity_type,
        ListCustomEntityTypes => custom_entity_types::list_custom_entity_types,
        // Security configurations
        CreateSecurityConfiguration => security_configurations::create_security_configuration,
        DeleteSecurityConfiguration => security_configurations::delete_security_configuration,
        GetSecurityConfiguration => security_configurations::get_security_configuration,
        GetSecurityConfigurations => security_configurations::get_security_configurations,
        // Usage profiles
        CreateUsageProfile => usage_profiles::create_usage_profile,
        DeleteUsageProfile => usage_profiles::delete_usage_profile,
        GetUsageProfile => usage_profiles::get_usage_profile,
        ListUsageProfiles => usage_profiles::list_usage_profiles,
        UpdateUsageProfile => usage_profiles::update_usage_profile,
        // Jobs
        BatchGetJobs => jobs::batch_get_jobs,
        CreateJob => jobs::create_job,
        DeleteJob => jobs::delete_job,
        GetJob => jobs::get_job,
        GetJobs => jobs::get_jobs,
        ListJobs => jobs::list_jobs,
        UpdateJob => jobs::update_job,
        BatchStopJobRun => job_runs::batch_stop_job_run,
        GetJobRun => job_runs::get_job_run,
        GetJobRuns => job_runs::get_job_runs,
        StartJobRun => job_runs::start_job_run,
        GetJobBookmark => bookmarks::get_job_bookmark,
        ResetJobBookmark => bookmarks::reset_job_bookmark,
        // Triggers
        BatchGetTriggers => triggers::batch_get_triggers,
        CreateTrigger => triggers::create_trigger,
        DeleteTrigger => triggers::delete_trigger,
        GetTrigger => triggers::get_trigger,
        GetTriggers => triggers::get_triggers,
        ListTriggers => triggers::list_triggers,
        StartTrigger => triggers::start_trigger,
        StopTrigger => triggers::stop_trigger,
        UpdateTrigger => triggers::update_trigger,
        // Workflows
        BatchGetWorkflows => workflows::batch_get_workflows,
        CreateWorkflow => workflows::create_workflow,
        DeleteWorkflow => workflows::delete_workflow,
        GetWorkflow => workflows::get_workflow,
        ListWorkflows => workflows::list_workflows,
        UpdateWorkflow => workflows::update_workflow,
        GetWorkflowRun => workflow_runs::get_workflow_run,
        GetWorkflowRunProperties => workflow_runs::get_workflow_run_properties,
        GetWorkflowRuns => workflow_runs::get_workflow_runs,
        PutWorkflowRunProperties => workflow_runs::put_workflow_run_properties,
        StartWorkflowRun => workflow_runs::start_workflow_run,
        StopWorkflowRun => workflow_runs::stop_workflow_run,
        // Blueprints
        BatchGetBlueprints => blueprints::batch_get_blueprints,
        CreateBlueprint => blueprints::create_blueprint,
        DeleteBlueprint => blueprints::delete_blueprint,
        GetBlueprint => blueprints::get_blueprint,
        GetBlueprintRun => blueprints::get_blueprint_run,
        GetBlueprintRuns => blueprints::get_blueprint_runs,
        ListBlueprints => blueprints::list_blueprints,
        UpdateBlueprint => blueprints::update_blueprint,
        // Interactive sessions
        CancelStatement => sessions::cancel_statement,
        CreateSession => sessions::create_session,
        DeleteSession => sessions::delete_session,
        GetSession => sessions::get_session,
        GetStatement => sessions::get_statement,
        ListSessions => sessions::list_sessions,
        ListStatements => sessions::list_statements,
        RunStatement => sessions::run_statement,
        StopSession => sessions::stop_session,
        // Development endpoints
        BatchGetDevEndpoints => dev_endpoints::batch_get_dev_endpoints,
        CreateDevEndpoint => dev_endpoints::create_dev_endpoint,
        DeleteDevEndpoint => dev_endpoints::delete_dev_endpoint,
        GetDevEndpoint => dev_endpoints::get_dev_endpoint,
        GetDevEndpoints => dev_endpoints::get_dev_endpoints,
        ListDevEndpoints => dev_endpoints::list_dev_endpoints,
        UpdateDevEndpoint => dev_endpoints::update_dev_endpoint,
        // Machine-learning transforms
        CancelMLTaskRun => ml_transforms::cancel_ml_task_run,
        CreateMLTransform => ml_transforms::create_ml_transform,
        DeleteMLTransform => ml_transforms::delete_ml_transform,
        GetMLTaskRun => ml_transforms::get_ml_task_run,
        GetMLTaskRuns => ml_transforms::get_ml_task_runs,
        GetMLTransform => ml_transforms::get_ml_transform,
        GetMLTransforms => ml_transforms::get_ml_transforms,
        ListMLTransforms => ml_transforms::list_ml_transforms,
        UpdateMLTransform => ml_transforms::update_ml_transform,
        // Data quality
        CreateDataQualityRuleset => data_quality::create_data_quality_ruleset,
        DeleteDataQualityRuleset => data_quality::delete_data_quality_ruleset,
        GetDataQualityRuleset => data_quality::get_data_quality_ruleset,
        ListDataQualityRulesets => data_quality::list_data_quality_rulesets,
        UpdateDataQualityRuleset => data_quality::update_data_quality_ruleset,
        CreateDataQualityEvaluationConfig => data_quality::evaluation_configs::create,
        DeleteDataQualityEvaluationConfig => data_quality::evaluation_configs::delete,
        GetDataQualityEvaluationConfig => data_quality::evaluation_configs::get,
        ListDataQualityEvaluationConfigs => data_quality::evaluation_configs::list_all,
        UpdateDataQualityEvaluationConfig => data_quality::evaluation_configs::update,
        BatchGetDataQualityResult => data_quality::no_batch_of_results,
        BatchGetDataQualityResultV2 => data_quality::no_batch_of_results,
        BatchGetDataQualityRulesetEvaluationRun => data_quality::no_batch_of_runs,
        CancelDataQualityRuleRecommendationRun => data_quality::no_run,
        CancelDataQualityRulesetEvaluationRun => data_quality::no_run,
        GetDataQualityModel => data_quality::no_profile,
        GetDataQualityModelResult => data_quality::no_profile,
        GetDataQualityResult => data_quality::no_result,
        GetDataQualityResultV2 => data_quality::no_result,
        GetDataQualityRuleRecommendationRun => data_quality::no_run,
        GetDataQualityRulesetEvaluationRun => data_quality::no_run,
        ListDataQualityResults => data_quality::no_results,
        ListDataQualityResultsV2 => data_quality::no_results,
        ListDataQualityRuleRecommendationRuns => data_quality::no_runs,
        ListDataQualityRulesetEvaluationRuns => data_quality::no_runs,
        ListDataQualityStatisticAnnotations => data_quality::no_annotations,
        ListDataQualityStatistics => data_quality::no_statistics,
    }
    // The output is JSON already.
    raw {
        GetPartition => partitions::get_partition,
        GetPartitions => partitions::get_partitions,
        BatchGetPartition => partitions::batch_get_partition,
        GetUnfilteredPartitionMetadata => unfiltered::get_unfiltered_partition_metadata,
        GetUnfilteredPartitionsMetadata => unfiltered::get_unfiltered_partitions_metadata,
    }
    // Known, but nothing carries it out.
    refused {
        "nothing runs the queries of materialized views" { StartMaterializedViewRefreshTaskRun, }
        "runs of jobs and sessions have no dashboards" { GetDashboardUrl, }
        "nothing connects to sources of data yet; connections are only kept" {
            TestConnection,
            DeleteConnectionType,
            DescribeConnectionType,
            DescribeEntity,
            GetEntityRecords,
            ListConnectionTypes,
            ListEntities,
            RegisterConnectionType,
        }
        "there is no IAM Identity Center; callers are known by their access keys" {
            CreateGlueIdentityCenterConfiguration,
            DeleteGlueIdentityCenterConfiguration,
            GetGlueIdentityCenterConfiguration,
            UpdateGlueIdentityCenterConfiguration,
        }
        "there are no zero-ETL integrations" {
            CreateIntegration,
            CreateIntegrationResourceProperty,
            CreateIntegrationTableProperties,
            DeleteIntegration,
            DeleteIntegrationResourceProperty,
            DeleteIntegrationTableProperties,
            DescribeInboundIntegrations,
            DescribeIntegrations,
            GetIntegrationResourceProperty,
            GetIntegrationTableProperties,
            ListIntegrationResourceProperties,
            ListIntegrationTableProperties,
            ModifyIntegration,
            UpdateIntegrationResourceProperty,
            UpdateIntegrationTableProperties,
        }
        "there is no business catalog: no assets, forms and glossaries" {
            AssociateGlossaryTerms,
            BatchGetIterableForms,
            CreateGlossary,
            CreateGlossaryTerm,
            DeleteAsset,
            DeleteAssetType,
            DeleteAttachment,
            DeleteFormType,
            DeleteGlossary,
            DeleteGlossaryTerm,
            DisassociateGlossaryTerms,
            GetAsset,
            GetAssetType,
            GetFormType,
            GetGlossary,
            GetGlossaryTerm,
            ListAssetTypes,
            ListFormTypes,
            ListGlossaries,
            ListGlossaryTerms,
            ListIterableForms,
            PutAsset,
            PutAssetType,
            PutAttachment,
            PutFormType,
            SearchAssets,
            UpdateAsset,
            UpdateGlossary,
            UpdateGlossaryTerm,
        }
        // Jobs
        "nothing runs jobs, so that none can be analysed" {
            GetJobUpgradeAnalysis,
            StartJobUpgradeAnalysis,
            StopJobUpgradeAnalysis,
        }
        "nothing runs jobs, so that there are no logs of them" {
            GetSystemLogsForJobRun,
        }
        "Propolis does not reach repositories of source code" {
            UpdateJobFromSourceControl,
            UpdateSourceControlFromJob,
        }
        "Propolis does not read or write the scripts of jobs" {
            CreateScript,
            GetDataflowGraph,
            GetMapping,
            GetPlan,
        }
        // Workflows and blueprints
        "nothing runs workflows, so that no run has nodes to start again" {
            ResumeWorkflowRun,
        }
        "nothing runs the layout scripts of blueprints" {
            StartBlueprintRun,
        }
        // Interactive sessions
        "nothing runs sessions, so that none has an address" {
            GetSessionEndpoint,
        }
        "nothing runs sessions, so that there are no logs of them" {
            GetSystemLogsForSession,
        }
        // Machine-learning transforms
        "nothing runs tasks of machine learning" {
            StartExportLabelsTaskRun,
            StartImportLabelsTaskRun,
            StartMLEvaluationTaskRun,
            StartMLLabelingSetGenerationTaskRun,
        }
        // Data quality
        "nothing evaluates rulesets, so that there are no statistics" {
            BatchPutDataQualityStatisticAnnotation,
        }
        "it is for the service's own use, and nothing evaluates rulesets here" {
            PublishDataQualityResultV2,
        }
        "nothing evaluates rulesets, so that there are no profiles" {
            PutDataQualityProfileAnnotation,
        }
        "nothing evaluates rulesets" {
            StartDataQualityRuleRecommendationRun,
            StartDataQualityRulesetEvaluationRun,
        }
    }
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Served,
    /// Answered with OperationNotSupportedException, for this reason if it has one of its own.
    Refused(Option<&'static str>),
}

/// All operations of the service with their state, by name.
pub fn states() -> impl Iterator<Item = (&'static str, State)> {
    OPERATIONS.iter().map(|operation| {
        let state = if SERVED.contains(&operation.name) {
            State::Served
        } else {
            State::Refused(REFUSED.iter().find(|(name, _)| *name == operation.name).map(|(_, reason)| *reason))
        };
        (operation.name, state)
    })
}

/// How a request is refused that the model forbids. Parts of the service have texts of their own.
pub fn invalid(operation: &'static OperationInfo, invalid: &Invalid) -> Exception {
    let of_its_own = schemas::invalid(operation, invalid)
        .or_else(|| triggers::invalid(invalid))
        .or_else(|| crawls::invalid(operation, invalid));
    of_its_own.unwrap_or_else(|| Exception::from(invalid))
}

fn refused(operation: &str, reason: &str) -> Exception {
    Exception::not_supported(format!("{operation} is not supported here: {reason}. Nothing was changed."))
}

fn read<O: Operation>(input: Value) -> Result<O::Input> {
    Ok(O::read(input).map_err(|error| Exception::new("SerializationException", error.to_string()))?)
}

fn write<O: Operation>(output: &O::Output) -> Result<Vec<u8>> {
    Ok(O::write(output).map_err(|error| Exception::internal(error.to_string()))?)
}

fn document<O: Operation>(output: Map<String, Value>) -> Result<Vec<u8>> {
    Ok(O::INFO.output.project(Value::Object(output)).to_string().into_bytes())
}

/// A checked input is an object.
fn object(input: Value) -> Map<String, Value> {
    match input {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
