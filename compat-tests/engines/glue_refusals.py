"""Requests that the Glue API refuses, made by hand: each gets the service's own error and changes nothing."""

import hashlib
import hmac
import http.client
import json
import os
from datetime import datetime, timedelta, timezone
from urllib.parse import urlparse

from clients import GLUE_ENDPOINT, glue, unique
from steps import contains, equal, finish, step

ADDRESS = urlparse(GLUE_ENDPOINT).netloc
KEY = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = os.environ["AWS_REGION"]


def signed(operation, body, key=KEY, secret=SECRET, ago=timedelta(), service="glue", target="AWSGlue", token=None):
    """The headers of a request, signed as Amazon's clients sign it."""
    moment = (datetime.now(timezone.utc) - ago).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": ADDRESS,
        "x-amz-date": moment,
        **({"x-amz-security-token": token} if token else {}),
        "x-amz-target": f"{target}.{operation}",
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{REGION}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        signature = hmac.digest(signature, part.encode(), "sha256")
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature.hex()}"
    return headers


def send(headers, body):
    """The status, the headers and the JSON of the answer."""
    connection = http.client.HTTPConnection(ADDRESS, timeout=60)
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())
    finally:
        connection.close()


def refused(code, headers, body=b"{}", statuses=(400, 403)):
    status, answer_headers, answer = send(headers, body)
    found = answer.get("__type", "").rpartition("#")[2]
    equal(found, code)
    contains(statuses, status)
    equal(answer_headers["x-amzn-errortype"].partition(":")[0], code)
    contains(answer_headers, "x-amzn-requestid")
    text = answer.get("Message") or answer.get("message")
    equal(bool(text), True)
    return text


def call(operation, body, **more):
    return refused_body(operation, json.dumps(body).encode(), **more)


def refused_body(operation, body, code):
    return refused(code, signed(operation, body), body)


db = unique("refused")
client = glue()
client.create_database(DatabaseInput={"Name": db})

with step("a request signed by hand is answered"):
    status, headers, answer = send(signed("GetDatabases", b"{}"), b"{}")
    equal((status, headers["content-type"]), (200, "application/x-amz-json-1.1"))
    contains(headers, "x-amzn-requestid")
    contains([database["Name"] for database in answer["DatabaseList"]], db)
with step("a key that is not there"):
    refused("UnrecognizedClientException", signed("GetDatabases", b"{}", key="AKIANOSUCHKEY0000000"))
with step("another secret"):
    refused("InvalidSignatureException", signed("GetDatabases", b"{}", secret=SECRET[::-1]))
with step("a body that was changed on the way"):
    body = json.dumps({"DatabaseInput": {"Name": f"{db}_1"}}).encode()
    tampered = json.dumps({"DatabaseInput": {"Name": f"{db}_2"}}).encode()
    refused("InvalidSignatureException", signed("CreateDatabase", body), tampered)
with step("a header that was changed on the way"):
    headers = signed("GetDatabase", body)
    refused("InvalidSignatureException", {**headers, "x-amz-target": "AWSGlue.DeleteDatabase"}, body)
    refused("InvalidSignatureException", {**headers, "host": "other.example"}, body)
with step("a request of an hour ago, and one of tomorrow"):
    contains(refused("InvalidSignatureException", signed("GetDatabases", b"{}", ago=timedelta(hours=1))).lower(), "expired")
    refused("InvalidSignatureException", signed("GetDatabases", b"{}", ago=timedelta(hours=-24)))
with step("an old request sent again"):
    body = json.dumps({"Name": db}).encode()
    refused("InvalidSignatureException", signed("DeleteDatabase", body, ago=timedelta(minutes=16)), body)
    equal(client.get_database(Name=db)["Database"]["Name"], db)
with step("signed for another service"):
    contains(refused("InvalidSignatureException", signed("GetDatabases", b"{}", service="s3")), "glue")
with step("no signature, and a broken one"):
    headers = signed("GetDatabases", b"{}")
    whole = headers.pop("authorization")
    refused("MissingAuthenticationTokenException", headers)
    refused("IncompleteSignatureException", {**headers, "authorization": whole.partition(", Signature=")[0]})
    refused("IncompleteSignatureException", {**headers, "authorization": "AWS4-HMAC-SHA256 nonsense"})
with step("a session's token that nobody gave out"):
    refused("UnrecognizedClientException", signed("GetDatabases", b"{}", token="forged"))
with step("nothing of all that was done"):
    names = [database["Name"] for database in client.get_databases()["DatabaseList"]]
    equal([name for name in names if name.startswith(db)], [db])

with step("an operation that there is not"):
    call("NoSuchOperation", {}, code="UnknownOperationException")
    call("", {}, code="UnknownOperationException")
with step("another service's target"):
    refused("UnknownOperationException", signed("ListTables", b"{}", target="DynamoDB_20120810"))
with step("a body that is no JSON, or no object"):
    for body in (b"", b"{", b'{"Name": ', b"[1]", b'"x"', b"\xff\xfe{}", b'{"Name": "a"} x'):
        refused_body("GetDatabase", body, code="SerializationException" if body else "ValidationException")
with step("members of another type"):
    for body in ({"Name": 7}, {"Name": ["x"]}, {"Name": {"a": 1}}):
        call("GetDatabase", body, code="SerializationException")
    call("GetTables", {"DatabaseName": db, "MaxResults": "many"}, code="SerializationException")
    call("CreateTable", {"DatabaseName": db, "TableInput": []}, code="SerializationException")
with step("members that are missing, too long, too large or of no known value"):
    contains(call("GetDatabase", {}, code="ValidationException"), "1 validation error detected", "'name'", "Member must not be null")
    contains(call("GetDatabase", {"Name": ""}, code="ValidationException"), "length greater than or equal to 1")
    contains(call("GetTables", {"DatabaseName": db, "MaxResults": 0}, code="ValidationException"), "'maxResults'")
    text = call("GetDatabases", {"ResourceShareType": "NONE"}, code="ValidationException")
    contains(text, "Member must satisfy enum value set")
with step("members that nobody knows, and null, are left out of account"):
    body = json.dumps({"Name": db, "CatalogId": None, "Novelty": {"x": [1]}}).encode()
    equal(send(signed("GetDatabase", body), body)[0], 200)
with step("strings of 10 MB"):
    long = "x" * 10_000_000
    call("GetDatabase", {"Name": long}, code="ValidationException")
    call("CreateDatabase", {"DatabaseInput": {"Name": f"{db}_1", "Description": long}}, code="ValidationException")
    call("CreateTable", {"DatabaseName": db, "TableInput": {"Name": "t", "Parameters": {"p": long}}}, code="ValidationException")
with step("deep nesting"):
    for deep in (b"[" * 200_000, b'{"a":' * 100_000, b'{"Name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"):
        refused_body("GetDatabase", deep, code="SerializationException")
with step("the server goes on"):
    equal(client.get_database(Name=db)["Database"]["Name"], db)
    equal(client.get_tables(DatabaseName=db)["TableList"], [])
    client.delete_database(Name=db)
finish()
