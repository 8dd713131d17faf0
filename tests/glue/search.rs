//! SearchTables.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, Server};

/// A database `shop` of tables that differ in what they can be found by.
async fn shop(client: &Client) {
    client.create_database("shop").await;
    client.create_database("shop-archive").await;
    client.create_database("hr").await;
    let column = |name: &str, comment: Option<&str>| json!({ "Name": name, "Type": "string", "Comment": comment });
    for (database, input) in [
        (
            "shop",
            json!({
                "Name": "daily_orders", "Owner": "alice", "Description": "What customers ordered, by day",
                "TableType": "EXTERNAL_TABLE", "LastAccessTime": 1_600_000_000,
                "Parameters": { "classification": "parquet", "numRows": "77777" },
                "PartitionKeys": [column("day", Some("Tag der Bestellung"))],
                "StorageDescriptor": {
                    "Location": "s3://lake/raw/orders", "Columns": [column("customer_id", None), column("net", Some("without VAT"))]
                }
            }),
        ),
        (
            "shop",
            json!({
                "Name": "orders", "Owner": "bob", "Parameters": { "classification": "csv", "team": "Web-Shop" }, "TableType": "EXTERNAL_TABLE",
                "StorageDescriptor": { "Location": "s3://lake/raw/o", "Columns": [column("customer", None), column("id", None)] }
            }),
        ),
        (
            "shop-archive",
            json!({ "Name": "customer-link", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": "select 1" }),
        ),
        ("shop-archive", json!({ "Name": "xxlinkyy", "Parameters": { "classification": "parquet" } })),
        (
            "hr",
            json!({ "Name": "stra\u{df}en", "Description": "\u{dc}bersicht", "Owner": "alice", "LastAccessTime": 1_700_000_000 }),
        ),
    ] {
        client.ok("CreateTable", json!({ "DatabaseName": database, "TableInput": input })).await;
    }
}

/// The names of the tables that are found, in their order.
async fn found(client: &Client, search: Value) -> Vec<String> {
    let tables = client.pages("SearchTables", search, "TableList").await;
    tables.iter().map(|table| table["Name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_found_wherever_it_stands_in_a_table() {
    let server = Server::start().await;
    let client = server.client();
    shop(&client).await;
    for (text, expected) in [
        // Names, of tables and databases; beginnings of words.
        ("orders", vec!["daily_orders", "orders"]),
        ("DAILY", vec!["daily_orders"]),
        ("daily_or", vec!["daily_orders"]),
        ("rders", vec![]),
        ("archive", vec!["customer-link", "xxlinkyy"]),
        ("archive customer", vec!["customer-link"]),
        ("link", vec!["customer-link"]),
        // Columns and partition keys, and their comments.
        ("customer_id", vec!["daily_orders"]),
        ("vat", vec!["daily_orders"]),
        ("bestell", vec!["daily_orders"]),
        // Owners, descriptions, parameters and their keys, locations.
        ("alice", vec!["stra\u{df}en", "daily_orders"]),
        ("ordered", vec!["daily_orders"]),
        ("\u{fc}bersicht", vec!["stra\u{df}en"]),
        ("parquet", vec!["daily_orders", "xxlinkyy"]),
        ("team", vec!["orders"]),
        ("s3://lake/raw/orders", vec!["daily_orders"]),
        ("lake/raw", vec!["daily_orders", "orders"]),
        // All words, but not all in one place; whatever stands between them.
        ("parquet, by day", vec!["daily_orders"]),
        ("parquet csv", vec![]),
        // A table's type, figures of its data and the words of different fields in a row are not.
        ("external", vec![]),
        ("77777", vec![]),
        ("bob-s3", vec![]),
        // Quoted.
        ("\"orders\"", vec!["daily_orders", "orders"]),
        ("\"daily\"", vec![]),
        ("\"customer\"", vec!["orders", "customer-link"]),
        ("\"customer_id\"", vec!["daily_orders"]),
        ("\"customers ordered\"", vec!["daily_orders"]),
        ("\"ordered customers\"", vec![]),
        ("\"Web-Shop\" cust", vec!["orders"]),
        // Nothing to look for.
        ("***", vec![]),
        ("\"\"", vec![]),
        ("' & | ! <-> :* \\ %", vec![]),
    ] {
        assert_eq!(found(&client, json!({ "SearchText": text })).await, expected, "{text}");
    }
    assert_eq!(found(&client, json!({})).await.len(), 5);
    client.thrown("SearchTables", json!({ "SearchText": "a\u{0}b" }), "InvalidInputException").await;
    client.thrown("SearchTables", json!({ "SearchText": "a".repeat(1025) }), "ValidationException").await;
    let table = &client.ok("SearchTables", json!({ "SearchText": "daily" })).await["TableList"][0];
    let got = client.ok("GetTable", json!({ "DatabaseName": "shop", "Name": "daily_orders" })).await;
    assert_eq!(*table, got["Table"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_look_at_one_field_each() {
    let server = Server::start().await;
    let client = server.client();
    shop(&client).await;
    let text = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let time =
        |key: &str, comparator: &str, value: &str| json!({ "Key": key, "Comparator": comparator, "Value": value });
    let all = ["straßen", "daily_orders", "orders", "customer-link", "xxlinkyy"];
    for (filters, expected) in [
        (json!([text("Name", "link")]), vec!["customer-link"]),
        (json!([text("Name", "Customer-Link")]), vec!["customer-link"]),
        (json!([text("Name", "orders")]), vec!["daily_orders", "orders"]),
        (json!([text("Name", "customer_id")]), vec![]),
        (json!([text("DatabaseName", "hr")]), vec!["straßen"]),
        (json!([text("DatabaseName", "shop-archive")]), vec!["customer-link", "xxlinkyy"]),
        (
            json!([text("DatabaseName", "hr"), text("DatabaseName", "archive")]),
            vec!["straßen", "customer-link", "xxlinkyy"],
        ),
        (json!([text("DatabaseName", "nowhere")]), vec![]),
        (json!([text("Owner", "alice"), text("DatabaseName", "shop")]), vec!["daily_orders"]),
        (json!([text("TableType", "virtual_view")]), vec!["customer-link"]),
        (json!([text("Description", "ordered")]), vec!["daily_orders"]),
        (json!([text("Location", "raw")]), vec!["daily_orders", "orders"]),
        (json!([text("classification", "parquet")]), vec!["daily_orders", "xxlinkyy"]),
        (json!([text("Parameters.classification", "csv")]), vec!["orders"]),
        (
            json!([text("classification", "csv"), text("classification", "PARQUET")]),
            vec!["daily_orders", "orders", "xxlinkyy"],
        ),
        (json!([text("team", "shop")]), vec!["orders"]),
        (json!([text("numRows", "77777")]), vec!["daily_orders"]),
        (json!([text("no'such\\key", "x' or true --")]), vec![]),
        (json!([time("LastAccessTime", "GREATER_THAN", "1600000000")]), vec!["straßen"]),
        (json!([time("LastAccessTime", "GREATER_THAN_EQUALS", "1600000000")]), vec!["straßen", "daily_orders"]),
        (json!([time("LastAccessTime", "LESS_THAN", "2023-11-14")]), vec!["daily_orders"]),
        (json!([time("LastAccessTime", "LESS_THAN_EQUALS", "2023-11-14")]), vec!["straßen", "daily_orders"]),
        (json!([text("LastAccessTime", "2020-09-13T12:26:40Z")]), vec!["daily_orders"]),
        (
            json!([
                time("LastAccessTime", "GREATER_THAN", "2020-09-14"),
                time("LastAccessTime", "LESS_THAN", "2023-11-14")
            ]),
            vec![],
        ),
        (
            json!([time("UpdateTime", "GREATER_THAN", "2020-01-01"), time("CreateTime", "LESS_THAN", "2100-01-01")]),
            all.to_vec(),
        ),
        (json!([time("CreateTime", "LESS_THAN", "2020-01-01")]), vec![]),
    ] {
        assert_eq!(found(&client, json!({ "Filters": filters })).await, expected, "{filters}");
    }
    let both = json!({ "SearchText": "orders", "Filters": [text("classification", "csv")] });
    assert_eq!(found(&client, both).await, ["orders"]);
    for (filter, part) in [
        (json!({ "Key": "Name" }), "a Key and a Value"),
        (time("Name", "GREATER_THAN", "a"), "for times only"),
        (time("UpdateTime", "EQUALS", "yesterday"), "seconds since the epoch"),
    ] {
        let message = client.thrown("SearchTables", json!({ "Filters": [filter] }), "InvalidInputException").await;
        assert!(message.contains(part), "{message}");
    }
    let many = vec![time("CreateTime", "EQUALS", "1"); 101];
    client.thrown("SearchTables", json!({ "Filters": many }), "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_sorted_and_comes_in_pages() {
    let server = Server::start().await;
    let client = server.client();
    shop(&client).await;
    let by = |field: &str, sort: Option<&str>| json!({ "MaxResults": 2, "SortCriteria": [{ "FieldName": field, "Sort": sort }] });
    let by_name = ["customer-link", "daily_orders", "orders", "straßen", "xxlinkyy"];
    assert_eq!(found(&client, by("Name", Some("ASC"))).await, by_name);
    let backwards: Vec<&str> = by_name.into_iter().rev().collect();
    assert_eq!(found(&client, by("Name", Some("DESC"))).await, backwards);
    let unsorted = ["straßen", "daily_orders", "orders", "customer-link", "xxlinkyy"];
    for search in [json!({ "MaxResults": 1 }), json!({ "MaxResults": 5, "SortCriteria": [] }), by("DatabaseName", None)]
    {
        assert_eq!(found(&client, search).await, unsorted);
    }
    let by_access = found(&client, by("LastAccessTime", Some("DESC"))).await;
    assert_eq!(by_access[..2], ["straßen", "daily_orders"]);
    let by_access = found(&client, by("LastAccessTime", None)).await;
    assert_eq!(by_access, ["orders", "customer-link", "xxlinkyy", "daily_orders", "straßen"]);
    let by_parameter = found(&client, by("classification", Some("DESC"))).await;
    assert_eq!(by_parameter, ["daily_orders", "xxlinkyy", "orders", "straßen", "customer-link"]);

    // Tables come and go between pages.
    let first = client.ok("SearchTables", json!({ "MaxResults": 2 })).await;
    client.ok("DeleteTable", json!({ "DatabaseName": "shop", "Name": "daily_orders" })).await;
    client.ok("CreateTable", json!({ "DatabaseName": "hr", "TableInput": { "Name": "new" } })).await;
    let rest = found(&client, json!({ "MaxResults": 2, "NextToken": first["NextToken"] })).await;
    assert_eq!(rest, ["orders", "customer-link", "xxlinkyy"]);

    let token = first["NextToken"].as_str().unwrap();
    let other = json!({ "NextToken": token, "SortCriteria": [{ "FieldName": "CreateTime" }] });
    client.thrown("SearchTables", other, "InvalidInputException").await;
    client.thrown("SearchTables", json!({ "NextToken": "x" }), "InvalidInputException").await;
    client.thrown("SearchTables", json!({ "MaxResults": 1001 }), "ValidationException").await;
    let two = json!({ "SortCriteria": [{ "FieldName": "Name" }, { "FieldName": "Owner" }] });
    client.thrown("SearchTables", two, "InvalidInputException").await;
    client.thrown("SearchTables", json!({ "SortCriteria": [{}] }), "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_is_searched_on_its_own() {
    let server = Server::start().await;
    let client = server.client();
    shop(&client).await;
    assert_eq!(found(&client, json!({ "CatalogId": ACCOUNT, "SearchText": "daily" })).await, ["daily_orders"]);
    client.ok("CreateCatalog", json!({ "Name": "other", "CatalogInput": {} })).await;
    let other = format!("{ACCOUNT}:other");
    client.ok("CreateDatabase", json!({ "CatalogId": other, "DatabaseInput": { "Name": "d" } })).await;
    let table = json!({ "CatalogId": other, "DatabaseName": "d", "TableInput": { "Name": "daily" } });
    client.ok("CreateTable", table).await;
    assert_eq!(found(&client, json!({ "SearchText": "daily" })).await, ["daily_orders"]);
    assert_eq!(found(&client, json!({ "CatalogId": other, "SearchText": "daily" })).await, ["daily"]);
    client.thrown("SearchTables", json!({ "CatalogId": "missing" }), "EntityNotFoundException").await;
    assert_eq!(found(&client, json!({ "ResourceShareType": "FOREIGN" })).await, [""; 0]);
    assert_eq!(found(&client, json!({ "ResourceShareType": "ALL", "IncludeStatusDetails": true })).await.len(), 5);
    assert_eq!(found(&client, json!({ "ResourceShareType": "FEDERATED" })).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_table_follow_its_changes() {
    let server = Server::start().await;
    let client = server.client();
    client.create_database("d").await;
    let input = |parameters: Value, column: &str| {
        json!({ "DatabaseName": "d", "TableInput": {
        "Name": "t", "Parameters": parameters, "StorageDescriptor": { "Columns": [{ "Name": column, "Type": "int" }] }
    } })
    };
    client.ok("CreateTable", input(json!({ "colour": "red" }), "first")).await;
    let finds = async |text: &str| !found(&client, json!({ "SearchText": text })).await.is_empty();
    assert!(finds("red").await && finds("first").await);
    client.ok("UpdateTable", input(json!({ "colour": "green" }), "second")).await;
    assert!(finds("green").await && finds("second").await);
    assert!(!finds("red").await && !finds("first").await);
    client
        .ok("UpdateTable", input(json!({ "colour": "green", "metadata_location": "s3://b/m7.json" }), "second"))
        .await;
    assert!(finds("green").await && !finds("m7").await);
    client.ok("DeleteTable", json!({ "DatabaseName": "d", "Name": "t" })).await;
    assert!(!finds("green").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_any_size_can_be_made_and_are_found_by_their_names() {
    let server = Server::start().await;
    let client = server.client();
    client.create_database("d").await;
    // Words that are all different, long, without a blank, of characters of four bytes.
    let rare: String = (0x2_0000..0x2_a000).filter_map(char::from_u32).flat_map(|c| [c, '_', c, ' ']).collect();
    let parameters: serde_json::Map<String, Value> = (0..100)
        .map(|n| (format!("part.{n}"), json!(rare.chars().cycle().skip(n * 1000).take(100_000).collect::<String>())))
        .collect();
    let columns: Vec<Value> = (0..5000)
        .map(|n| json!({ "Name": format!("column_{n}"), "Type": "int", "Comment": rare.chars().skip(n * 7).take(250).collect::<String>() }))
        .collect();
    for (name, parameters, columns) in [
        ("parameters", json!(parameters), json!([])),
        ("columns", json!({}), json!(columns)),
        ("endless", json!({ "p": "\u{10000}".repeat(500_000), "q": "x".repeat(500_000) }), json!([])),
    ] {
        let table = json!({ "Name": name, "Parameters": parameters, "StorageDescriptor": { "Columns": columns } });
        client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": table })).await;
    }
    let all: BTreeSet<String> = found(&client, json!({ "MaxResults": 1 })).await.into_iter().collect();
    assert_eq!(all.len(), 3);
    assert_eq!(found(&client, json!({ "SearchText": "column_4999" })).await, ["columns"]);
    for name in all {
        assert_eq!(
            found(&client, json!({ "SearchText": name, "Filters": [{ "Key": "Name", "Value": name }] })).await,
            [name]
        );
    }
}
