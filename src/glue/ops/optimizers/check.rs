//! What a configuration of an optimizer may say.

use std::ops::RangeInclusive;

use propolis_glue_api::types::{TableOptimizerConfiguration, TableOptimizerType};

use super::super::super::call::Call;
use super::super::super::error::{Exception, Result};
use crate::model::Table;

/// How often files may be looked through, in hours, as the service's documentation has it.
const RUN_RATES: RangeInclusive<i32> = 3..=168;

/// InvalidInputException where the optimizer could not be for this table, EntityNotFoundException where its connection is
/// missing.
pub async fn configuration(
    call: &Call,
    table: &Table,
    kind: TableOptimizerType,
    given: &TableOptimizerConfiguration,
) -> Result<()> {
    settings(table, kind, given).map_err(Exception::invalid_input)?;
    if let Some(name) = given.vpc_configuration.as_ref().and_then(|vpc| vpc.glue_connection_name.as_deref())
        && call.catalog.resource(&call.resource("connection", name)).await?.is_none()
    {
        return Err(Exception::not_found(format!("Connection {name} not found.")).into());
    }
    Ok(())
}

fn settings(table: &Table, kind: TableOptimizerType, given: &TableOptimizerConfiguration) -> Result<(), String> {
    if !table.parameters.get("table_type").is_some_and(|kind| kind.eq_ignore_ascii_case("ICEBERG")) {
        return Err(format!(
            "Table {} is no Iceberg table: optimizers are for tables whose parameter table_type is ICEBERG",
            table.name
        ));
    }
    for (member, of, is_given) in [
        ("compactionConfiguration", TableOptimizerType::Compaction, given.compaction_configuration.is_some()),
        ("retentionConfiguration", TableOptimizerType::Retention, given.retention_configuration.is_some()),
        (
            "orphanFileDeletionConfiguration",
            TableOptimizerType::OrphanFileDeletion,
            given.orphan_file_deletion_configuration.is_some(),
        ),
    ] {
        if is_given && of != kind {
            return Err(format!("{member} is for optimizers of type {of}, not {kind}"));
        }
    }
    if let Some(compaction) = given.compaction_configuration.as_ref().and_then(|of| of.iceberg_configuration.as_ref()) {
        within("minInputFiles", compaction.min_input_files, 1..=i32::MAX)?;
        within("deleteFileThreshold", compaction.delete_file_threshold, 1..=i32::MAX)?;
    }
    if let Some(retention) = given.retention_configuration.as_ref().and_then(|of| of.iceberg_configuration.as_ref()) {
        within("snapshotRetentionPeriodInDays", retention.snapshot_retention_period_in_days, 1..=i32::MAX)?;
        within("numberOfSnapshotsToRetain", retention.number_of_snapshots_to_retain, 1..=i32::MAX)?;
        within("runRateInHours", retention.run_rate_in_hours, RUN_RATES)?;
    }
    let orphans = given.orphan_file_deletion_configuration.as_ref().and_then(|of| of.iceberg_configuration.as_ref());
    if let Some(orphans) = orphans {
        within("orphanFileRetentionPeriodInDays", orphans.orphan_file_retention_period_in_days, 1..=i32::MAX)?;
        within("runRateInHours", orphans.run_rate_in_hours, RUN_RATES)?;
        if let (Some(location), Some(own)) = (&orphans.location, &table.location)
            && !is_under(location, own)
        {
            return Err(format!("location {location} is not in the table's own, {own}: other files are not its own"));
        }
    }
    Ok(())
}

fn within(member: &str, value: Option<i32>, allowed: RangeInclusive<i32>) -> Result<(), String> {
    match value {
        Some(value) if !allowed.contains(&value) => Err(match *allowed.end() {
            i32::MAX => format!("{member} is {value}: at least {} is expected", allowed.start()),
            most => format!("{member} is {value}: {} to {most} is expected", allowed.start()),
        }),
        _ => Ok(()),
    }
}

fn is_under(location: &str, folder: &str) -> bool {
    let rest = location.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| (rest.is_empty() || rest.starts_with('/')) && !rest.split('/').any(|part| part == ".."))
}

#[cfg(test)]
mod tests {
    use super::is_under;

    #[test]
    fn files_of_others_are_not_looked_for() {
        for inside in ["s3://b/t", "s3://b/t/", "s3://b/t/data"] {
            assert!(is_under(inside, "s3://b/t/"), "{inside}");
        }
        for outside in ["s3://b/t2", "s3://b", "s3://b/t/../u", ""] {
            assert!(!is_under(outside, "s3://b/t"), "{outside}");
        }
    }
}
