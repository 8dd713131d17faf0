//! A workload of Amazon's own Glue client for Rust. It prints what `engines/steps.py` does.

use std::collections::{HashMap, HashSet};
use std::env;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use aws_credential_types::Credentials;
use aws_sdk_glue::Client;
use aws_sdk_glue::config::{BehaviorVersion, Config, Region};
use aws_sdk_glue::error::ProvideErrorMetadata;
use aws_sdk_glue::operation::RequestId;
use aws_sdk_glue::primitives::{Blob, DateTime};
use aws_sdk_glue::types::{
    Column, ColumnStatistics, ColumnStatisticsData, ColumnStatisticsType, DatabaseInput, DecimalColumnStatisticsData,
    DecimalNumber, PartitionInput, PartitionValueList, PropertyPredicate, Segment, StorageDescriptor, TableInput,
    UserDefinedFunctionInput,
};
use aws_smithy_http_client::Builder as HttpClient;

struct Workload {
    client: Client,
    db: String,
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set"))
}

fn client(secret: &str) -> Result<Client> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(variable("AWS_ENDPOINT_URL_GLUE")?)
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(Credentials::new(variable("AWS_ACCESS_KEY_ID")?, secret, None, None, "variables"))
        .http_client(HttpClient::new().build_http())
        .build();
    Ok(Client::from_conf(config))
}

/// The call is refused with that code, and its answer has a request's id.
fn refused<T, E: ProvideErrorMetadata + RequestId + std::fmt::Debug>(code: &str, answer: Result<T, E>) -> Result<E> {
    match answer {
        Ok(_) => bail!("accepted, but should be refused with {code}"),
        Err(error) => {
            ensure!(error.code() == Some(code), "expected {code}, got {error:?}");
            ensure!(error.message().is_some_and(|message| !message.is_empty()), "the error has no text");
            ensure!(error.request_id().is_some(), "the error has no request's id");
            Ok(error)
        }
    }
}

fn column(name: &str, kind: &str) -> Result<Column> {
    Ok(Column::builder().name(name).r#type(kind).build()?)
}

fn table(name: &str) -> Result<aws_sdk_glue::types::builders::TableInputBuilder> {
    let storage = StorageDescriptor::builder()
        .columns(column("id", "bigint")?)
        .columns(column("info", "struct<a:int,b:array<string>>")?)
        .columns(column("price", "decimal(10,2)")?)
        .location(format!("s3://lake/{name}"));
    let keys = [column("dt", "date")?, column("n", "int")?];
    Ok(TableInput::builder()
        .name(name)
        .table_type("EXTERNAL_TABLE")
        .storage_descriptor(storage.build())
        .set_partition_keys(Some(keys.into()))
        .parameters("classification", "parquet")
        .parameters("empty", ""))
}

fn partition(n: usize) -> PartitionInput {
    let storage = StorageDescriptor::builder().location(format!("s3://lake/t/{n}")).build();
    PartitionInput::builder().values("2024-01-01").values(n.to_string()).storage_descriptor(storage).build()
}

impl Workload {
    async fn databases(&self) -> Result<()> {
        let parameters = HashMap::from([("team".to_owned(), "a".to_owned())]);
        let input =
            DatabaseInput::builder().name(&self.db).description("of Rust").set_parameters(Some(parameters.clone()));
        self.client.create_database().database_input(input.build()?).send().await?;
        let answer = self.client.get_database().name(&self.db).send().await?;
        ensure!(answer.request_id().is_some(), "the answer has no request's id");
        let database = answer.database.context("no database came")?;
        ensure!(
            database.description() == Some("of Rust") && database.parameters() == Some(&parameters),
            "{database:?}"
        );
        let created = database.create_time.context("it has no time of creation")?.secs();
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        ensure!(now.abs_diff(u64::try_from(created)?) < 600, "it was created at {created}");
        let mut pages = self.client.get_databases().into_paginator().page_size(2).send();
        let mut names = Vec::new();
        while let Some(page) = pages.try_next().await? {
            names.extend(page.database_list.into_iter().map(|database| database.name));
        }
        ensure!(names.iter().filter(|name| **name == self.db).count() == 1, "{names:?}");
        Ok(())
    }

    async fn errors(&self) -> Result<()> {
        let input = DatabaseInput::builder().name(&self.db).build()?;
        let answer = self.client.create_database().database_input(input).send().await;
        let error = refused("AlreadyExistsException", answer)?;
        ensure!(error.into_service_error().is_already_exists_exception(), "it is not the error of the model");
        let answer = self.client.get_table().database_name(&self.db).name("no_such_table").send().await;
        let error = refused("EntityNotFoundException", answer)?;
        ensure!(error.into_service_error().is_entity_not_found_exception(), "it is not the error of the model");
        let stranger = client("another")?;
        refused("InvalidSignatureException", stranger.get_databases().send().await)?;
        Ok(())
    }

    async fn tables(&self) -> Result<()> {
        let input = table("t")?.build()?;
        self.client.create_table().database_name(&self.db).table_input(input.clone()).send().await?;
        let answer = self.client.get_table().database_name(&self.db).name("T").send().await?;
        let made = answer.table.context("no table came")?;
        ensure!(made.storage_descriptor == input.storage_descriptor, "{:?}", made.storage_descriptor);
        ensure!(made.partition_keys == input.partition_keys && made.parameters == input.parameters, "{made:?}");
        for i in 0..5 {
            let input = TableInput::builder().name(format!("t_{i}")).build()?;
            self.client.create_table().database_name(&self.db).table_input(input).send().await?;
        }
        let listing = self.client.get_tables().database_name(&self.db).expression("t_.*");
        let mut pages = listing.into_paginator().page_size(2).send();
        let mut names = Vec::new();
        while let Some(page) = pages.try_next().await? {
            names.extend(page.table_list.unwrap_or_default().into_iter().map(|table| table.name));
        }
        names.sort();
        ensure!(names == ["t_0", "t_1", "t_2", "t_3", "t_4"], "{names:?}");
        Ok(())
    }

    async fn locking(&self) -> Result<()> {
        let get = || self.client.get_table().database_name(&self.db).name("t").send();
        let known = get().await?.table.and_then(|table| table.version_id).context("it has no version")?;
        let update = |n: &str| -> Result<_> {
            let input = table("t")?.parameters("n", n).build()?;
            Ok(self.client.update_table().database_name(&self.db).table_input(input).version_id(&known).send())
        };
        update("1")?.await?;
        let error = refused("ConcurrentModificationException", update("2")?.await)?;
        ensure!(error.into_service_error().is_concurrent_modification_exception(), "it is not the error of the model");
        let parameters = get().await?.table.and_then(|table| table.parameters).unwrap_or_default();
        ensure!(parameters.get("n").is_some_and(|n| n == "1"), "{parameters:?}");
        Ok(())
    }

    async fn partitions(&self) -> Result<()> {
        let batch = |input: Vec<PartitionInput>| {
            let call = self.client.batch_create_partition().database_name(&self.db).table_name("t");
            call.set_partition_input_list(Some(input)).send()
        };
        let answer = batch((0..100).map(partition).collect()).await?;
        ensure!(answer.errors().is_empty(), "{:?}", answer.errors());
        let answer = batch(vec![partition(7), partition(100)]).await?;
        let codes: Vec<_> =
            answer.errors().iter().map(|error| error.error_detail().and_then(|e| e.error_code())).collect();
        ensure!(codes == [Some("AlreadyExistsException")], "{codes:?}");
        ensure!(self.listed(None, None).await?.len() == 101, "not all partitions were listed");
        let filtered = self.listed(Some("dt = '2024-01-01' AND n BETWEEN 8 AND 12"), None).await?;
        ensure!(filtered == HashSet::from(["8", "9", "10", "11", "12"].map(str::to_owned)), "{filtered:?}");
        let mut in_segments = 0;
        for i in 0..3 {
            let segment = Segment::builder().segment_number(i).total_segments(3).build()?;
            in_segments += self.listed(None, Some(segment)).await?.len();
        }
        ensure!(in_segments == 101, "{in_segments} partitions are in segments");
        let values = PartitionValueList::builder().values("2024-01-01").values("5").build()?;
        let missing = PartitionValueList::builder().values("2024-01-01").values("500").build()?;
        let get = self.client.batch_get_partition().database_name(&self.db).table_name("t");
        let answer = get.partitions_to_get(values).partitions_to_get(missing).send().await?;
        ensure!(answer.partitions().len() == 1 && answer.unprocessed_keys().is_empty(), "{answer:?}");
        Ok(())
    }

    /// The second values of the partitions on all pages.
    async fn listed(&self, expression: Option<&str>, segment: Option<Segment>) -> Result<HashSet<String>> {
        let listing = self.client.get_partitions().database_name(&self.db).table_name("t");
        let listing = listing.set_expression(expression.map(str::to_owned)).set_segment(segment);
        let mut pages = listing.into_paginator().page_size(3).send();
        let mut found = HashSet::new();
        while let Some(page) = pages.try_next().await? {
            for partition in page.partitions() {
                let value = partition.values().get(1).context("it has no second value")?;
                ensure!(found.insert(value.clone()), "{value} came twice");
            }
        }
        Ok(found)
    }

    async fn statistics(&self) -> Result<()> {
        let number =
            |bytes: &[u8], scale| DecimalNumber::builder().unscaled_value(Blob::new(bytes)).scale(scale).build();
        let decimal = DecimalColumnStatisticsData::builder()
            .minimum_value(number(&[0xfb, 0x2e], 2)?)
            .maximum_value(number(&[0x7f], 0)?)
            .number_of_nulls(1)
            .number_of_distinct_values(2)
            .build();
        let data = ColumnStatisticsData::builder()
            .r#type(ColumnStatisticsType::Decimal)
            .decimal_column_statistics_data(decimal);
        let given = ColumnStatistics::builder()
            .column_name("price")
            .column_type("decimal(10,2)")
            .analyzed_time(DateTime::from_secs(1_767_323_045))
            .statistics_data(data.build()?)
            .build()?;
        let update = self.client.update_column_statistics_for_table().database_name(&self.db).table_name("t");
        let answer = update.column_statistics_list(given.clone()).send().await?;
        ensure!(answer.errors().is_empty(), "{answer:?}");
        let get = self.client.get_column_statistics_for_table().database_name(&self.db).table_name("t");
        let answer = get.column_names("price").send().await?;
        ensure!(answer.column_statistics_list() == [given], "{answer:?}");
        Ok(())
    }

    async fn functions_and_search(&self) -> Result<()> {
        let input = UserDefinedFunctionInput::builder().function_name("f").class_name("org.example.F").build();
        self.client.create_user_defined_function().database_name(&self.db).function_input(input).send().await?;
        let answer = self.client.get_user_defined_functions().database_name(&self.db).pattern(".*").send().await?;
        let names: Vec<_> = answer.user_defined_functions().iter().map(|function| function.function_name()).collect();
        ensure!(names == [Some("f")], "{names:?}");
        let is = |key: &str, value: &str| PropertyPredicate::builder().key(key).value(value).build();
        let search = self.client.search_tables().filters(is("DatabaseName", &self.db)).filters(is("Name", "t_3"));
        let answer = search.send().await?;
        let names: Vec<_> = answer.table_list().iter().map(|table| table.name()).collect();
        ensure!(names == ["t_3"], "{names:?}");
        Ok(())
    }

    async fn drops(&self) -> Result<()> {
        self.client.delete_database().name(&self.db).send().await?;
        refused("EntityNotFoundException", self.client.get_database().name(&self.db).send().await)?;
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let unique = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    let workload = Workload { client: client(&variable("AWS_SECRET_ACCESS_KEY")?)?, db: format!("rust_{unique:x}") };
    let outcomes = [
        ("create a database, and find it among all by pages", workload.databases().await),
        ("errors are those of the model", workload.errors().await),
        ("tables: what was given comes back, and lists by pages", workload.tables().await),
        ("an update of an older version is refused", workload.locking().await),
        ("partitions: a batch, its errors, pages, an expression, segments", workload.partitions().await),
        ("column statistics with numbers, dates and bytes", workload.statistics().await),
        ("functions and search", workload.functions_and_search().await),
        ("drop the database with all that is in it", workload.drops().await),
    ];
    let mut failed = 0;
    for (name, outcome) in &outcomes {
        match outcome {
            Ok(()) => println!("ok   {name}"),
            Err(error) => {
                failed += 1;
                println!("FAIL {name}: {}", format!("{error:#}").replace('\n', " "));
                eprintln!("{name}: {error:?}");
            }
        }
    }
    println!("{} passed, {failed} failed", outcomes.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
