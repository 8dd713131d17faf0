"""boto3: what else a catalog keeps: connections, crawlers, policies, settings and schemas."""

import json

from clients import glue, unique
from steps import answers, contains, equal, lacks, refused, step

client = glue()


def run():
    connections()
    crawlers()
    settings()
    schemas()


def connections():
    name = unique("connection")
    properties = {"JDBC_CONNECTION_URL": "jdbc:postgresql://db.example/shop", "USERNAME": "reader", "PASSWORD": "secret"}
    given = {"Name": name, "ConnectionType": "JDBC", "ConnectionProperties": properties, "MatchCriteria": ["shop"]}
    with step("a connection, with and without its password"):
        client.create_connection(ConnectionInput=given)
        equal(client.get_connection(Name=name)["Connection"]["ConnectionProperties"], properties)
        lacks(client.get_connection(Name=name, HidePassword=True)["Connection"]["ConnectionProperties"], "PASSWORD")
        answers("AlreadyExistsException", lambda: client.create_connection(ConnectionInput=given))
        pages = client.get_paginator("get_connections").paginate(Filter={"ConnectionType": "JDBC", "MatchCriteria": ["shop"]})
        contains([connection["Name"] for page in pages for connection in page["ConnectionList"]], name)
    with step("drop a connection"):
        client.delete_connection(ConnectionName=name)
        answers("EntityNotFoundException", lambda: client.get_connection(Name=name))


def crawlers():
    name = unique("crawler")
    with step("a classifier and a crawler that uses it"):
        client.create_classifier(CsvClassifier={"Name": name, "Delimiter": ";", "Header": ["a", "b"]})
        client.create_crawler(
            Name=name,
            Role="arn:aws:iam::123456789012:role/crawler",
            DatabaseName="found",
            Classifiers=[name],
            Targets={"S3Targets": [{"Path": "s3://lake/raw", "Exclusions": ["*.tmp"]}]},
            TablePrefix="raw_",
            Tags={"team": "a"},
        )
        crawler = client.get_crawler(Name=name)["Crawler"]
        equal((crawler["State"], crawler["TablePrefix"], crawler["Targets"]["S3Targets"][0]["Path"]), ("READY", "raw_", "s3://lake/raw"))
        contains(client.list_crawlers(Tags={"team": "a"})["CrawlerNames"], name)
    with step("change and drop them"):
        client.update_crawler(Name=name, TablePrefix="new_")
        equal(client.get_crawler(Name=name)["Crawler"]["TablePrefix"], "new_")
        client.delete_crawler(Name=name)
        client.delete_classifier(Name=name)
        answers("EntityNotFoundException", lambda: client.get_crawler(Name=name))


def settings():
    with step("the catalog's encryption settings"):
        before = client.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
        contains(before, "EncryptionAtRest", "ConnectionPasswordEncryption")
        changed = {**before, "EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "key-1"}}
        client.put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=changed)
        equal(client.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"], changed)
        client.put_data_catalog_encryption_settings(DataCatalogEncryptionSettings=before)
    with step("the catalog's policy, changed only by who knows it"):
        statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "glue:GetTable", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        known = client.put_resource_policy(PolicyInJson=policy)["PolicyHash"]
        equal(client.get_resource_policy()["PolicyInJson"], policy)
        stale = {"PolicyInJson": policy, "PolicyHashCondition": "of-another-policy"}
        refused(lambda: client.put_resource_policy(**stale), "ConditionCheckFailureException", "ConcurrentModificationException")
        client.delete_resource_policy(PolicyHashCondition=known)


def schemas():
    registry = unique("registry")
    schema = {"SchemaId": {"RegistryName": registry, "SchemaName": "user"}}

    def record(*fields):
        return json.dumps({"type": "record", "name": "User", "fields": list(fields)})

    name = {"name": "name", "type": "string"}
    mail = {"name": "mail", "type": ["null", "string"], "default": None}
    with step("a registry and a schema in it"):
        client.create_registry(RegistryName=registry, Description="of boto3")
        made = client.create_schema(
            RegistryId={"RegistryName": registry},
            SchemaName="user",
            DataFormat="AVRO",
            Compatibility="BACKWARD",
            SchemaDefinition=record(name),
        )
        equal((made["LatestSchemaVersion"], made["SchemaVersionStatus"]), (1, "AVAILABLE"))
    with step("a compatible version, the same once more, and one that is not compatible"):
        second = client.register_schema_version(**schema, SchemaDefinition=record(name, mail))
        equal((second["VersionNumber"], second["Status"]), (2, "AVAILABLE"))
        equal(client.register_schema_version(**schema, SchemaDefinition=record(name, mail))["SchemaVersionId"], second["SchemaVersionId"])
        refused = client.register_schema_version(**schema, SchemaDefinition=record(name, mail, {"name": "age", "type": "int"}))
        equal(refused["Status"], "FAILURE")
    with step("find a version by its definition, and its difference from another"):
        found = client.get_schema_by_definition(**schema, SchemaDefinition=record(name))
        equal(client.get_schema_version(SchemaVersionId=found["SchemaVersionId"])["VersionNumber"], 1)
        equal(client.get_schema(**schema)["LatestSchemaVersion"] >= 2, True)
    with step("drop the registry"):
        client.delete_registry(RegistryId={"RegistryName": registry})
