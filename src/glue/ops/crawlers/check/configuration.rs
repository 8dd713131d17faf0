//! The configuration of a crawler: a text of JSON. What is not known in it is refused, since a crawl would not do it.

use serde_json::Value;

/// An empty text is none.
pub fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let configuration: Value =
        serde_json::from_str(text).map_err(|error| format!("Configuration is not valid JSON: {error}"))?;
    if configuration.get("Version").is_none() {
        return Err("Configuration has no Version: 1.0 is the only one".to_owned());
    }
    check_object("", &configuration)
}

fn check_object(path: &str, value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| match path {
        "" => "Configuration is no object".to_owned(),
        _ => format!("Configuration: {path} is no object"),
    })?;
    for (name, value) in object {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let (allowed, expected) = match path.as_str() {
            "CrawlerOutput" | "CrawlerOutput.Partitions" | "CrawlerOutput.Tables" | "Grouping" => {
                check_object(&path, value)?;
                continue;
            }
            "Version" => (value.as_f64() == Some(1.0), "1.0"),
            "CrawlerOutput.Partitions.AddOrUpdateBehavior" => (value == "InheritFromTable", "InheritFromTable"),
            "CrawlerOutput.Tables.AddOrUpdateBehavior" => (value == "MergeNewColumns", "MergeNewColumns"),
            "CrawlerOutput.Tables.TableThreshold" => (is_count(value), "a number of tables"),
            "Grouping.TableGroupingPolicy" => (value == "CombineCompatibleSchemas", "CombineCompatibleSchemas"),
            "Grouping.TableLevelConfiguration" => (is_count(value), "a level, counted from 1, the bucket"),
            "CreatePartitionIndex" => (value.is_boolean(), "true or false"),
            _ => return Err(format!("Configuration: {path} is not known")),
        };
        if !allowed {
            return Err(format!("Configuration: {path} is {value}; expected is {expected}"));
        }
    }
    Ok(())
}

fn is_count(value: &Value) -> bool {
    value.as_u64().is_some_and(|count| count > 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crawl_would_not_do_is_refused() {
        let whole = r#"{"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
            "Tables": {"AddOrUpdateBehavior": "MergeNewColumns", "TableThreshold": 5}}, "CreatePartitionIndex": true,
            "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 3}}"#;
        for good in ["", whole, r#"{"Version": 1}"#] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, what) in [
            ("{", "not valid JSON"),
            ("[1]", "no Version"),
            ("{}", "no Version"),
            (r#"{"Version": 2.0}"#, "Version is 2.0"),
            (r#"{"Version": 1.0, "Groping": {}}"#, "Groping is not known"),
            (r#"{"Version": 1.0, "Grouping": []}"#, "Grouping is no object"),
            (r#"{"Version": 1.0, "Grouping": {"TableGroupingPolicy": "Any"}}"#, "CombineCompatibleSchemas"),
            (r#"{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 0}}"#, "from 1"),
            (r#"{"Version": 1.0, "CrawlerOutput": {"Tables": {"TableThreshold": -1}}}"#, "a number of tables"),
        ] {
            let error = check(bad).unwrap_err();
            assert!(error.contains(what), "{bad}: {error}");
        }
    }
}
