use serde_json::json;

use crate::support::{Options, Server};

fn session(id: &str) -> serde_json::Value {
    json!({ "Id": id, "Role": "arn:aws:iam::123456789012:role/r", "Command": { "Name": "glueetl" }, "IdleTimeout": 5 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nothing_runs_says_so() {
    let server = Server::start().await;
    let glue = server.client();
    let made = glue.ok("CreateSession", session("s")).await["Session"].clone();
    assert_eq!((&made["Status"], &made["IdleTimeout"]), (&json!("FAILED"), &json!(5)));
    assert!(made["ErrorMessage"].as_str().unwrap().contains("Nothing runs sessions"), "{made}");
    assert_eq!(glue.ok("GetSession", json!({ "Id": "s" })).await["Session"], made);
    assert_eq!(glue.thrown("CreateSession", session("s"), "AlreadyExistsException").await, "Session already exists.");
    let code = json!({ "SessionId": "s", "Code": "1" });
    glue.thrown("RunStatement", code, "OperationNotSupportedException").await;
    let message = glue.thrown("StopSession", json!({ "Id": "s" }), "IllegalSessionStateException").await;
    assert_eq!(message, "Session is in FAILED status");
    assert_eq!(glue.ok("ListStatements", json!({ "SessionId": "s" })).await["Statements"], json!([]));
    glue.ok("DeleteSession", json!({ "Id": "s" })).await;
    let message = glue.thrown("DeleteSession", json!({ "Id": "s" }), "EntityNotFoundException").await;
    assert_eq!(message, "Session s not found.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pretended_session_takes_statements_until_it_is_stopped() {
    let mut options = Options::default();
    options.settings.simulate_runs = true;
    let server = Server::start_with(options).await;
    let glue = server.client();
    for id in ["a", "b"] {
        assert_eq!(glue.ok("CreateSession", session(id)).await["Session"]["Status"], "READY");
    }
    for id in 0..2 {
        let code = json!({ "SessionId": "a", "Code": format!("print({id})") });
        assert_eq!(glue.ok("RunStatement", code).await["Id"], id);
    }
    let statement = glue.ok("GetStatement", json!({ "SessionId": "a", "Id": 1 })).await["Statement"].clone();
    let some = ["Id", "Code", "State"].map(|member| statement[member].clone());
    assert_eq!(some, [json!(1), json!("print(1)"), json!("AVAILABLE")]);
    assert_eq!(glue.pages("ListStatements", json!({ "SessionId": "a" }), "Statements").await.len(), 2);
    assert_eq!(glue.pages("ListStatements", json!({ "SessionId": "b" }), "Statements").await.len(), 0);
    glue.ok("CancelStatement", json!({ "SessionId": "a", "Id": 0 })).await;
    glue.thrown("GetStatement", json!({ "SessionId": "b", "Id": 0 }), "EntityNotFoundException").await;

    glue.ok("StopSession", json!({ "Id": "a" })).await;
    for status in ["STOPPING", "STOPPED", "STOPPED"] {
        assert_eq!(glue.ok("GetSession", json!({ "Id": "a" })).await["Session"]["Status"], status);
    }
    let code = json!({ "SessionId": "a", "Code": "1" });
    glue.thrown("RunStatement", code, "IllegalSessionStateException").await;
    let all = glue.ok("ListSessions", json!({ "MaxResults": 2 })).await;
    assert_eq!((&all["Ids"], &all["Sessions"][1]["Id"]), (&json!(["a", "b"]), &json!("b")));
}

#[tokio::test(flavor = "multi_thread")]
async fn development_endpoints_are_kept_and_changed_in_part() {
    let server = Server::start().await;
    let glue = server.client();
    let input = json!({
        "EndpointName": "e", "RoleArn": "arn:aws:iam::123456789012:role/r", "PublicKeys": ["k1", "k2"],
        "Arguments": { "--a": "1", "--b": "1" }, "Tags": { "t": "v" },
    });
    let made = glue.ok("CreateDevEndpoint", input.clone()).await;
    assert_eq!((&made["EndpointName"], &made["Status"]), (&json!("e"), &json!("FAILED")));
    let message = glue.thrown("CreateDevEndpoint", input, "AlreadyExistsException").await;
    assert_eq!(message, "DevEndpoint e already exists");
    let update = json!({
        "EndpointName": "e", "DeletePublicKeys": ["k1"], "AddPublicKeys": ["k3"], "DeleteArguments": ["--a"],
        "AddArguments": { "--b": "2" }, "CustomLibraries": { "ExtraJarsS3Path": "s3://b/j" },
    });
    glue.ok("UpdateDevEndpoint", update).await;
    let kept = glue.ok("GetDevEndpoint", json!({ "EndpointName": "e" })).await["DevEndpoint"].clone();
    let some = ["PublicKeys", "Arguments", "ExtraJarsS3Path", "RoleArn"].map(|member| kept[member].clone());
    let role = json!("arn:aws:iam::123456789012:role/r");
    assert_eq!(some, [json!(["k2", "k3"]), json!({ "--b": "2" }), json!("s3://b/j"), role]);
    let many = json!({ "EndpointName": "e", "AddPublicKeys": ["k4", "k5", "k6", "k7"] });
    assert!(glue.thrown("UpdateDevEndpoint", many, "InvalidInputException").await.contains("6 public keys"));
    assert_eq!(glue.ok("ListDevEndpoints", json!({ "Tags": { "t": "v" } })).await["DevEndpointNames"], json!(["e"]));
    let some = glue.ok("BatchGetDevEndpoints", json!({ "DevEndpointNames": ["e", "none"] })).await;
    assert_eq!((&some["DevEndpoints"][0], &some["DevEndpointsNotFound"]), (&kept, &json!(["none"])));
    glue.ok("DeleteDevEndpoint", json!({ "EndpointName": "e" })).await;
    for operation in ["GetDevEndpoint", "DeleteDevEndpoint", "UpdateDevEndpoint"] {
        let message = glue.thrown(operation, json!({ "EndpointName": "e" }), "EntityNotFoundException").await;
        assert_eq!(message, "DevEndpoint e not found");
    }
}
