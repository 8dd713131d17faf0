use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn classifiers_of_each_kind_come_back_as_they_were_defined() {
    let server = Server::start().await;
    let glue = server.client();
    let kinds = [
        json!({ "CsvClassifier": { "Name": "a csv", "Delimiter": "|", "QuoteSymbol": "\"", "ContainsHeader": "PRESENT",
            "Header": ["id", "name"], "AllowSingleColumn": false, "Serde": "OpenCSVSerDe", "CustomDatatypes": ["INT"] } }),
        json!({ "GrokClassifier": { "Name": "b grok", "Classification": "log", "CustomPatterns": "HIVE bee[0-9]+",
            "GrokPattern": "%{HIVE:hive} %{NUMBER:weight:float}" } }),
        json!({ "JsonClassifier": { "Name": "c json", "JsonPath": "$.records[*]" } }),
        json!({ "XMLClassifier": { "Name": "d xml", "Classification": "xml", "RowTag": "bee" } }),
    ];
    for kind in &kinds {
        glue.ok("CreateClassifier", kind.clone()).await;
    }
    let mut listed = glue.pages("GetClassifiers", json!({ "MaxResults": 3 }), "Classifiers").await;
    for classifier in &mut listed {
        let definition = classifier.as_object_mut().unwrap().values_mut().next().unwrap().as_object_mut().unwrap();
        assert_eq!(definition.remove("Version"), Some(json!(1)));
        assert!(
            definition.remove("CreationTime").unwrap().as_f64() <= definition.remove("LastUpdated").unwrap().as_f64()
        );
    }
    assert_eq!(listed, kinds);

    glue.ok("DeleteClassifier", json!({ "Name": "a csv" })).await;
    let missing = json!({ "Name": "a csv" });
    assert!(glue.thrown("GetClassifier", missing.clone(), "EntityNotFoundException").await.contains("a csv"));
    glue.thrown("DeleteClassifier", missing, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_it_names_and_counts() {
    let server = Server::start().await;
    let glue = server.client();
    let csv = json!({ "CsvClassifier": { "Name": "c", "Delimiter": ",", "QuoteSymbol": "'" } });
    glue.ok("CreateClassifier", csv.clone()).await;
    glue.thrown("CreateClassifier", csv, "AlreadyExistsException").await;
    glue.ok("UpdateClassifier", json!({ "CsvClassifier": { "Name": "c", "Delimiter": ";" } })).await;
    let stored = glue.ok("GetClassifier", json!({ "Name": "c" })).await["Classifier"]["CsvClassifier"].clone();
    assert_eq!(
        [&stored["Delimiter"], &stored["QuoteSymbol"], &stored["Version"]],
        [&json!(";"), &json!("'"), &json!(2)]
    );

    let refused = [
        (json!({ "CsvClassifier": { "Name": "c", "QuoteSymbol": ";" } }), "must differ"),
        (json!({ "JsonClassifier": { "Name": "c", "JsonPath": "$" } }), "is a CsvClassifier"),
    ];
    for (update, what) in refused {
        let message = glue.thrown("UpdateClassifier", update, "InvalidInputException").await;
        assert!(message.contains(what), "{message}");
    }
    let other = json!({ "CsvClassifier": { "Name": "other" } });
    glue.thrown("UpdateClassifier", other, "EntityNotFoundException").await;
    let after = glue.ok("GetClassifier", json!({ "Name": "c" })).await["Classifier"]["CsvClassifier"].clone();
    assert_eq!(after, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn classifiers_that_could_not_work_are_refused() {
    let server = Server::start().await;
    let glue = server.client();
    let grok =
        |pattern: &str| json!({ "GrokClassifier": { "Name": "c", "Classification": "l", "GrokPattern": pattern } });
    let csv = |members: Value| {
        let mut csv = members;
        csv["Name"] = json!("c");
        json!({ "CsvClassifier": csv })
    };
    let refused = [
        (json!({}), "Exactly one"),
        (
            json!({ "CsvClassifier": { "Name": "a" }, "JsonClassifier": { "Name": "a", "JsonPath": "$" } }),
            "Exactly one",
        ),
        (grok("(%{IP:client}"), "GrokPattern"),
        (json!({ "JsonClassifier": { "Name": "c", "JsonPath": "records" } }), "JsonPath"),
        (json!({ "XMLClassifier": { "Name": "c", "Classification": "x", "RowTag": "<row>" } }), "RowTag"),
        (csv(json!({ "Header": ["a", "A"] })), "twice"),
        (csv(json!({ "CustomDatatypes": ["UUID"] })), "UUID"),
    ];
    for (input, what) in refused {
        let message = glue.thrown("CreateClassifier", input, "InvalidInputException").await;
        assert!(message.contains(what), "{message}");
    }
    let long = csv(json!({ "Delimiter": "||" }));
    assert!(glue.thrown("CreateClassifier", long, "ValidationException").await.contains("csvClassifier.delimiter"));
    assert_eq!(glue.ok("GetClassifiers", json!({})).await["Classifiers"], json!([]));
}
