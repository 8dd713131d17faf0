//! What a crawler looks through.

use propolis_glue_api::types::{
    CrawlerTargets, DeltaTarget, DynamoDBTarget, HudiTarget, IcebergTarget, JdbcTarget, MongoDBTarget, S3Target,
};

/// How far below its path a table of a lake format may lie.
const DEEPEST: i32 = 20;

/// `strict` asks for at least one target. Otherwise a crawler may be made before what it looks through is known.
pub fn check(targets: &CrawlerTargets, strict: bool) -> Result<(), String> {
    each("S3Targets", &targets.s3_targets, s3)?;
    each("JdbcTargets", &targets.jdbc_targets, jdbc)?;
    each("MongoDBTargets", &targets.mongo_db_targets, mongodb)?;
    each("DynamoDBTargets", &targets.dynamo_db_targets, dynamodb)?;
    each("CatalogTargets", &targets.catalog_targets, |_| Ok(()))?;
    each("DeltaTargets", &targets.delta_targets, |target: &DeltaTarget| {
        locations("DeltaTables", &target.delta_tables)
    })?;
    each("IcebergTargets", &targets.iceberg_targets, |target: &IcebergTarget| {
        lake(&target.paths, &target.exclusions, target.maximum_traversal_depth)
    })?;
    each("HudiTargets", &targets.hudi_targets, |target: &HudiTarget| {
        lake(&target.paths, &target.exclusions, target.maximum_traversal_depth)
    })?;
    let catalog = targets.catalog_targets.as_ref().map_or(0, Vec::len);
    let all = catalog + others(targets);
    if strict && all == 0 {
        return Err("Targets: at least one is needed".to_owned());
    }
    if catalog > 0 && all > catalog {
        return Err("Targets: CatalogTargets cannot be mixed with others".to_owned());
    }
    Ok(())
}

/// Whether each of the targets that events can be read for has a queue to read them from.
pub fn have_event_queues(targets: &CrawlerTargets) -> bool {
    let s3 = targets.s3_targets.iter().flatten().map(|target| &target.event_queue_arn);
    let catalog = targets.catalog_targets.iter().flatten().map(|target| &target.event_queue_arn);
    s3.chain(catalog).all(Option::is_some)
}

fn others(targets: &CrawlerTargets) -> usize {
    fn len<T>(list: &Option<Vec<T>>) -> usize {
        list.as_ref().map_or(0, Vec::len)
    }
    len(&targets.s3_targets)
        + len(&targets.jdbc_targets)
        + len(&targets.mongo_db_targets)
        + len(&targets.dynamo_db_targets)
        + len(&targets.delta_targets)
        + len(&targets.iceberg_targets)
        + len(&targets.hudi_targets)
}

fn each<T>(list: &str, targets: &Option<Vec<T>>, check: impl Fn(&T) -> Result<(), String>) -> Result<(), String> {
    for (at, target) in targets.iter().flatten().enumerate() {
        check(target).map_err(|what| format!("{list}.{}: {what}", at + 1))?;
    }
    Ok(())
}

fn s3(target: &S3Target) -> Result<(), String> {
    location(given("Path", &target.path)?)?;
    globs(&target.exclusions)?;
    match target.sample_size {
        Some(size) if !(1..=249).contains(&size) => Err(format!("SampleSize {size} is not from 1 to 249")),
        _ => Ok(()),
    }
}

fn jdbc(target: &JdbcTarget) -> Result<(), String> {
    given("ConnectionName", &target.connection_name)?;
    let path = given("Path", &target.path)?;
    let parts: Vec<&str> = path.split('/').collect();
    if !(2..=3).contains(&parts.len()) || parts.iter().any(|part| part.is_empty()) || parts[0].contains('%') {
        return Err(format!(
            "Path {path} is none: database/schema/table or database/table is expected, with % for any schema or table"
        ));
    }
    globs(&target.exclusions)
}

fn mongodb(target: &MongoDBTarget) -> Result<(), String> {
    given("ConnectionName", &target.connection_name)?;
    given("Path", &target.path).map(|_| ())
}

fn dynamodb(target: &DynamoDBTarget) -> Result<(), String> {
    given("Path", &target.path)?;
    match target.scan_rate {
        Some(rate) if !(0.1..=1.5).contains(&rate) => Err(format!("scanRate {rate} is not from 0.1 to 1.5")),
        _ => Ok(()),
    }
}

fn lake(paths: &Option<Vec<String>>, exclusions: &Option<Vec<String>>, depth: Option<i32>) -> Result<(), String> {
    locations("Paths", paths)?;
    globs(exclusions)?;
    match depth {
        Some(depth) if !(1..=DEEPEST).contains(&depth) => {
            Err(format!("MaximumTraversalDepth {depth} is not from 1 to {DEEPEST}"))
        }
        _ => Ok(()),
    }
}

fn given<'a>(member: &str, value: &'a Option<String>) -> Result<&'a str, String> {
    value.as_deref().filter(|value| !value.is_empty()).ok_or_else(|| format!("{member} is missing"))
}

fn locations(member: &str, paths: &Option<Vec<String>>) -> Result<(), String> {
    let paths = paths.as_ref().filter(|paths| !paths.is_empty()).ok_or_else(|| format!("{member} is missing"))?;
    paths.iter().try_for_each(|path| location(path))
}

fn location(path: &str) -> Result<(), String> {
    let rest = ["s3://", "s3a://", "s3n://", "file://"].iter().find_map(|scheme| path.strip_prefix(scheme));
    if rest.is_some_and(|rest| !rest.is_empty() && (!rest.starts_with('/') || path.starts_with("file"))) {
        return Ok(());
    }
    Err(format!("Path {path} is no location: s3://bucket/folder is expected"))
}

/// Patterns of what is passed over: `*`, `**`, `?`, `[a-z]`, `{a,b}` and `\` before what is meant literally.
fn globs(patterns: &Option<Vec<String>>) -> Result<(), String> {
    for pattern in patterns.iter().flatten() {
        glob(pattern).map_err(|what| format!("Exclusions: {pattern} {what}"))?;
    }
    Ok(())
}

fn glob(pattern: &str) -> Result<(), &'static str> {
    let (mut in_set, mut in_group) = (false, false);
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            ']' if in_set => in_set = false,
            _ if in_set => {}
            '\\' if chars.next().is_none() => return Err("ends with a single \\"),
            '[' => in_set = true,
            '{' if in_group => return Err("has { within {"),
            '{' => in_group = true,
            '}' => in_group = false,
            _ => {}
        }
    }
    match (in_set, in_group) {
        (true, _) => Err("has [ without ]"),
        (_, true) => Err("has { without }"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_closed() {
        for good in ["*.csv", "**", "myfolder/**", "*.{csv,avro}", "[a-z]?", "[!{*\\]x", "\\[", "\\{a"] {
            assert_eq!(glob(good), Ok(()), "{good}");
        }
        for bad in ["[a", "{a", "{a,{b}}", "a\\"] {
            assert!(glob(bad).is_err(), "{bad}");
        }
    }
}
