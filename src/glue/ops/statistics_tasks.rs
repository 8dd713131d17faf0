//! Tasks that compute the statistics of a table's columns: how, and when. Nothing here reads data, so that runs are there
//! in pretence only, by [`simulation`].

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::super::{schedule, simulation};
use super::kept::{self, Kept, Object, Which, answer, list, names, paged, take, text};
use super::parts::{Part, of_table};
use crate::error::ErrorKind;
use crate::model::{Resource, Table};

/// The settings of a table: there are none, or these.
const SETTINGS: Part =
    Part { kind: "columnStatisticsTaskSettings", missing: "The table has no settings for column statistics tasks." };
const NAME: &str = "settings";

pub const TASK_RUN: Kept = Kept {
    kind: "columnStatisticsTaskRun",
    missing: "Column statistics task run {} not found.",
    exists: "Column statistics task run {} already exists.",
    parts: &[],
};

const SCHEDULED: &str = "SCHEDULED";
const NOT_SCHEDULED: &str = "NOT_SCHEDULED";

pub async fn create_column_statistics_task_settings(call: &Call, mut input: Object) -> Result<Object> {
    let table = table(call, &mut input).await?;
    if !kept::take_tags(&mut input).is_empty() {
        return Err(Exception::invalid_input(
            "The settings of column statistics tasks have no ARN by which tags could be asked for: leave Tags out",
        )
        .into());
    }
    let document = changed(&table, Object::new(), input)?;
    match SETTINGS.create(call, &of_table(&table), NAME, document).await {
        Err(Failure::Catalog(error)) if error.kind == ErrorKind::AlreadyExists => {
            let message = format!("Table {} has settings for column statistics tasks already", table.name);
            Err(Exception::already_exists(message).into())
        }
        outcome => outcome.map(|_| Object::new()),
    }
}

/// Members that are not given stay as they are.
pub async fn update_column_statistics_task_settings(call: &Call, mut input: Object) -> Result<Object> {
    let table = table(call, &mut input).await?;
    SETTINGS.update(call, &of_table(&table), NAME, |stored| changed(&table, stored.document, input)).await?;
    Ok(Object::new())
}

pub async fn get_column_statistics_task_settings(call: &Call, mut input: Object) -> Result<Object> {
    let table = table(call, &mut input).await?;
    let mut settings = SETTINGS.get(call, &of_table(&table), NAME).await?.document;
    place(call, &table, &mut settings);
    if settings.contains_key("Schedule") {
        settings.insert("ScheduleType".to_owned(), json!("CRON"));
    }
    settings.insert("SettingSource".to_owned(), json!("TABLE"));
    Ok(answer("ColumnStatisticsTaskSettings", settings))
}

pub async fn delete_column_statistics_task_settings(call: &Call, mut input: Object) -> Result<Object> {
    let table = table(call, &mut input).await?;
    let key = SETTINGS.key(call, &of_table(&table), NAME);
    match call.catalog.delete_resource(&key, &[], |_| Ok::<_, Failure>(())).await? {
        true => Ok(Object::new()),
        false => Err(SETTINGS.not_found(NAME)),
    }
}

pub async fn start_column_statistics_task_run_schedule(call: &Call, input: Object) -> Result<Object> {
    set_state(call, input, SCHEDULED).await
}

pub async fn stop_column_statistics_task_run_schedule(call: &Call, input: Object) -> Result<Object> {
    set_state(call, input, NOT_SCHEDULED).await
}

pub async fn start_column_statistics_task_run(call: &Call, mut input: Object) -> Result<Object> {
    let table = table(call, &mut input).await?;
    check_columns(&table, &input)?;
    simulation::allowed(call, "column statistics tasks")?;
    place(call, &table, &mut input);
    let id = simulation::statistics_runs::start(call, input).await?;
    Ok(answer("ColumnStatisticsTaskRunId", id))
}

pub async fn stop_column_statistics_task_run(call: &Call, mut input: Object) -> Result<Object> {
    let table = table(call, &mut input).await?;
    if !simulation::statistics_runs::stop(call, runs_of(call, &table).await?).await? {
        let message = format!("No column statistics task of table {} is running", table.name);
        return Err(Exception::new("ColumnStatisticsTaskNotRunningException", message).into());
    }
    Ok(Object::new())
}

pub async fn get_column_statistics_task_run(call: &Call, input: Object) -> Result<Object> {
    let run = TASK_RUN.get(call, text(&input, "ColumnStatisticsTaskRunId")).await?;
    let run = simulation::statistics_runs::look(call, run).await?;
    Ok(answer("ColumnStatisticsTaskRun", described(run)))
}

/// Those of a table.
pub async fn get_column_statistics_task_runs(call: &Call, mut input: Object) -> Result<Object> {
    let page = kept::page::<String>(&input, 100)?;
    let table = table(call, &mut input).await?;
    let (shown, token) = page.of(runs_of(call, &table).await?, |run| run.name.clone());
    let mut runs = Vec::with_capacity(shown.len());
    for run in shown {
        runs.push(described(simulation::statistics_runs::look(call, run).await?));
    }
    Ok(paged("ColumnStatisticsTaskRuns", runs, token))
}

pub async fn list_column_statistics_task_runs(call: &Call, input: Object) -> Result<Object> {
    let (runs, token) = TASK_RUN.list(call, &Which::read(&input)?).await?;
    Ok(paged("ColumnStatisticsTaskRunIds", names(runs), token))
}

/// Takes the table out of a request.
async fn table(call: &Call, input: &mut Object) -> Result<std::sync::Arc<Table>> {
    let (database, name) = (take(input, "DatabaseName"), take(input, "TableName"));
    let catalog = input.remove("CatalogID");
    let name = call.table(catalog.as_ref().and_then(Value::as_str), &database, &name)?;
    Ok(call.catalog.get_table(&name).await?)
}

/// Says in a document what table it is about.
fn place(call: &Call, table: &Table, document: &mut Object) {
    document.insert("DatabaseName".to_owned(), json!(table.name.database));
    document.insert("TableName".to_owned(), json!(table.name.table));
    document.insert("CatalogID".to_owned(), json!(call.catalog_id(&table.name.catalog)));
}

/// Settings with what a request changes of them. Its Schedule is an expression, that of the settings has a state as well;
/// an empty one takes it away.
fn changed(table: &Table, mut settings: Object, mut input: Object) -> Result<Object> {
    check_columns(table, &input)?;
    match input.remove("Schedule").as_ref().and_then(Value::as_str) {
        None => {}
        Some("") => drop(settings.remove("Schedule")),
        Some(expression) => {
            schedule::check(expression)?;
            let state = state(&settings).unwrap_or(SCHEDULED).to_owned();
            settings.insert("Schedule".to_owned(), json!({ "ScheduleExpression": expression, "State": state }));
        }
    }
    settings.extend(input);
    Ok(settings)
}

fn check_columns(table: &Table, input: &Object) -> Result<()> {
    let columns = || table.storage.columns.iter().chain(&table.partition_keys);
    for name in list(input, "ColumnNameList") {
        if !columns().any(|column| column.name.eq_ignore_ascii_case(&name)) {
            return Err(Exception::invalid_input(format!("Table {} has no column {name}", table.name)).into());
        }
    }
    Ok(())
}

/// None where there is no schedule.
fn state(settings: &Object) -> Option<&str> {
    settings.get("Schedule")?.get("State")?.as_str()
}

async fn set_state(call: &Call, mut input: Object, state: &str) -> Result<Object> {
    let table = table(call, &mut input).await?;
    let change = |stored: Resource| {
        let mut settings = stored.document;
        match settings.get_mut("Schedule").and_then(Value::as_object_mut) {
            Some(schedule) => drop(schedule.insert("State".to_owned(), json!(state))),
            None => {
                let message = format!("The column statistics tasks of table {} have no schedule", table.name);
                return Err(Exception::invalid_input(message).into());
            }
        }
        Ok(settings)
    };
    SETTINGS.update(call, &of_table(&table), NAME, change).await?;
    Ok(Object::new())
}

/// All of a table, by id.
async fn runs_of(call: &Call, table: &Table) -> Result<Vec<Resource>> {
    let mut of = Object::new();
    place(call, table, &mut of);
    let mut runs = call.catalog.resources(&call.scope(), TASK_RUN.kind, Default::default()).await?;
    runs.retain(|run| of.iter().all(|(member, value)| run.document.get(member) == Some(value)));
    Ok(runs)
}

fn described(run: Resource) -> Value {
    kept::described(run, "ColumnStatisticsTaskRunId", "CreationTime", "LastUpdated")
}
