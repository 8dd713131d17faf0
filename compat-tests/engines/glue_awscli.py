"""The AWS CLI on the Glue API."""

import json
import os
import subprocess
import sys

from clients import SCRATCH, unique
from steps import contains, equal, finish, lacks, refused, step

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


def aws(*words, **options):
    """`aws glue …`; the answer. Options are given as the CLI's, and what is no text as JSON."""
    command = [AWS, "glue", *words]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout) if done.stdout.strip() else {}


db = unique("cli")
columns = [{"Name": "id", "Type": "int"}]
table = {"Name": "t", "StorageDescriptor": {"Columns": columns}, "PartitionKeys": [{"Name": "dt", "Type": "date"}]}

with step("create and get a database"):
    aws("create-database", database_input={"Name": db, "Description": "of the CLI", "Parameters": {"team": "a"}}, tags={"cost": "1"})
    made = aws("get-database", name=db)["Database"]
    equal((made["Description"], made["Parameters"]), ("of the CLI", {"team": "a"}))
with step("tags that were given at creation"):
    arn = f"arn:aws:glue:us-east-1:{made['CatalogId']}:database/{db}"
    equal(aws("get-tags", resource_arn=arn)["Tags"], {"cost": "1"})
with step("an error's code and text"):
    refused(
        lambda: aws("get-database", name="no_such_db"),
        "(EntityNotFoundException) when calling the GetDatabase operation: Database no_such_db",
    )
    refused(lambda: aws("create-database", database_input={"Name": db}), "(AlreadyExistsException)")
with step("create, change and get a table"):
    aws("create-table", database_name=db, table_input=table)
    version = aws("get-table", database_name=db, name="t")["Table"]["VersionId"]
    changed = {**table, "Parameters": {"n": "1"}}
    aws("update-table", database_name=db, table_input=changed, version_id=version)
    refused(lambda: aws("update-table", database_name=db, table_input=table, version_id=version), "(ConcurrentModificationException)")
    equal(aws("get-table", database_name=db, name="t")["Table"]["Parameters"], {"n": "1"})
with step("list versions"):
    equal(len(aws("get-table-versions", database_name=db, table_name="t")["TableVersions"]), 2)
with step("list tables, by the CLI's own pages, filter and query"):
    for name in ("a_1", "a_2", "a_3"):
        aws("create-table", database_name=db, table_input={"Name": name})
    listed = aws("get-tables", database_name=db, expression="a_*", page_size="2", query="TableList[].Name")
    equal(sorted(listed), ["a_1", "a_2", "a_3"])
    first = aws("get-tables", database_name=db, max_items="1")
    contains(first, "NextToken")
    rest = aws("get-tables", database_name=db, starting_token=first["NextToken"])
    equal(len(first["TableList"]) + len(rest["TableList"]), 4)
with step("create, find and delete partitions"):
    partitions = [{"Values": [f"2024-01-{day:02}"], "StorageDescriptor": {"Location": f"file://{SCRATCH}/{day}"}} for day in range(1, 21)]
    equal(aws("batch-create-partition", database_name=db, table_name="t", partition_input_list=partitions).get("Errors", []), [])
    found = aws("get-partitions", database_name=db, table_name="t", expression="dt >= '2024-01-18'", query="Partitions[].Values[]")
    equal(sorted(found), ["2024-01-18", "2024-01-19", "2024-01-20"])
    aws("delete-partition", database_name=db, table_name="t", partition_values=["2024-01-18"])
    refused(lambda: aws("get-partition", database_name=db, table_name="t", partition_values=["2024-01-18"]), "(EntityNotFoundException)")
with step("search"):
    found = aws("search-tables", filters=[{"Key": "DatabaseName", "Value": db}], query="TableList[].Name")
    equal(sorted(found), ["a_1", "a_2", "a_3", "t"])
with step("functions"):
    aws("create-user-defined-function", database_name=db, function_input={"FunctionName": "f", "ClassName": "org.example.F"})
    equal(aws("get-user-defined-functions", database_name=db, pattern=".*", query="UserDefinedFunctions[].FunctionName"), ["f"])
with step("the catalog's settings"):
    contains(aws("get-data-catalog-encryption-settings"), "DataCatalogEncryptionSettings")
with step("drop tables and the database"):
    equal(aws("batch-delete-table", database_name=db, tables_to_delete=["a_1", "a_2"]).get("Errors", []), [])
    aws("delete-database", name=db)
    lacks(aws("get-databases", query="DatabaseList[].Name"), db)
finish()
