"""boto3: databases, tables, their versions, functions, search and tags."""

from concurrent.futures import ThreadPoolExecutor

from clients import SCRATCH, glue, unique
from steps import answers, contains, equal, lacks, step

client = glue()

COLUMNS = [
    {"Name": "id", "Type": "bigint", "Comment": "the id"},
    {"Name": "info", "Type": "struct<a:int,b:array<decimal(10,2)>>", "Parameters": {"iceberg.field.id": "2"}},
]
STORAGE = {
    "Columns": COLUMNS,
    "Location": f"file://{SCRATCH}/somewhere",
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "Compressed": True,
    "NumberOfBuckets": 4,
    "SerdeInfo": {
        "Name": "the serde",
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
    "BucketColumns": ["id"],
    "SortColumns": [{"Column": "id", "SortOrder": 1}],
    "Parameters": {"compressionType": "snappy"},
    "SkewedInfo": {"SkewedColumnNames": ["id"], "SkewedColumnValues": ["7"], "SkewedColumnValueLocationMaps": {"7": "file:///seven"}},
    "StoredAsSubDirectories": False,
}


def table_input(name, **more):
    return {
        "Name": name,
        "Owner": "alice",
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [],
        "StorageDescriptor": STORAGE,
        "Parameters": {"classification": "parquet", "empty": "", "ключ": "значение"},
        **more,
    }


def run():
    db = unique("glue")
    databases(db)
    tables(db)
    updates(db)
    versions(db)
    kinds(db)
    functions(db)
    search(db)
    tags(db)
    drops(db)


def get(db, name):
    return client.get_table(DatabaseName=db, Name=name)["Table"]


def update(db, name, **more):
    client.update_table(DatabaseName=db, TableInput=table_input(name, **more))


def every(operation, member, size, **arguments):
    """What all pages of an operation hold, so many on each at most."""
    found = []
    while True:
        page = getattr(client, operation)(**arguments, MaxResults=size)
        equal(len(page[member]) <= size, True)
        found += page[member]
        if "NextToken" not in page:
            return found
        arguments["NextToken"] = page["NextToken"]


def databases(db):
    definition = {
        "Name": db,
        "Description": "of boto3",
        "LocationUri": f"file://{SCRATCH}/{db}",
        "Parameters": {"team": "a", "empty": ""},
    }
    with step("create a database: what was given comes back"):
        equal(client.create_database(DatabaseInput=definition)["ResponseMetadata"]["HTTPStatusCode"], 200)
        made = client.get_database(Name=db)["Database"]
        equal({key: made[key] for key in definition}, definition)
        contains(made, "CreateTime", "CatalogId")
    with step("the catalog's id may be named"):
        account = client.get_database(Name=db)["Database"]["CatalogId"]
        equal(client.get_database(CatalogId=account, Name=db)["Database"]["Name"], db)
    with step("create an existing database, read one that is not there"):
        answers("AlreadyExistsException", lambda: client.create_database(DatabaseInput={"Name": db}))
        equal(answers("EntityNotFoundException", lambda: client.get_database(Name="no_such_db")), "Database no_such_db not found.")
        answers("EntityNotFoundException", lambda: client.get_tables(DatabaseName="no_such_db"))
        answers("EntityNotFoundException", lambda: client.update_database(Name="no_such_db", DatabaseInput={"Name": "no_such_db"}))
        answers("EntityNotFoundException", lambda: client.delete_database(Name="no_such_db"))
    with step("names are kept in lower case and found in any"):
        client.create_database(DatabaseInput={"Name": f"{db}_Mixed"})
        equal(client.get_database(Name=f"{db}_MIXED")["Database"]["Name"], f"{db}_mixed")
        answers("AlreadyExistsException", lambda: client.create_database(DatabaseInput={"Name": f"{db}_MiXeD"}))
    with step("an update replaces the whole definition"):
        client.update_database(Name=db, DatabaseInput={"Name": db, "Parameters": {"owner": "b"}})
        changed = client.get_database(Name=db)["Database"]
        equal((changed["Parameters"], changed.get("Description")), ({"owner": "b"}, None))
    with step("list databases by pages"):
        for i in range(5):
            client.create_database(DatabaseInput={"Name": f"{db}_{i}"})
        names = [database["Name"] for database in every("get_databases", "DatabaseList", 2)]
        contains(names, db, f"{db}_mixed", *(f"{db}_{i}" for i in range(5)))
        equal(len(names), len(set(names)))
        for name in [f"{db}_mixed", *(f"{db}_{i}" for i in range(5))]:
            client.delete_database(Name=name)


def tables(db):
    with step("create a table: what was given comes back, and nothing is added inside"):
        given = table_input("t", Description="of boto3", Retention=7, ViewOriginalText="v", ViewExpandedText="e")
        client.create_table(DatabaseName=db, TableInput=given)
        made = get(db, "t")
        equal({key: made.get(key) for key in given}, given)
        equal(made["DatabaseName"], db)
        contains(made, "CreateTime", "UpdateTime", "VersionId", "CatalogId")
    with step("a table with little said of it"):
        client.create_table(DatabaseName=db, TableInput={"Name": "bare"})
        bare = get(db, "bare")
        equal([bare.get(key) for key in ("Description", "Owner", "TableType")], [None] * 3)
    with step("create an existing table, read one that is not there"):
        answers("AlreadyExistsException", lambda: client.create_table(DatabaseName=db, TableInput={"Name": "t"}))
        equal(answers("EntityNotFoundException", lambda: get(db, "no_such_table")), "Table no_such_table not found.")
        answers("EntityNotFoundException", lambda: client.create_table(DatabaseName="no_such_db", TableInput={"Name": "t"}))
        answers("EntityNotFoundException", lambda: update(db, "no_such_table"))
        answers("EntityNotFoundException", lambda: client.delete_table(DatabaseName=db, Name="no_such_table"))
    with step("table names are kept in lower case and found in any"):
        client.create_table(DatabaseName=db, TableInput={"Name": "MixedCase"})
        equal(get(db.upper(), "MIXEDcase")["Name"], "mixedcase")
    with step("names with dots, dashes and other letters"):
        for name in ("with.dot", "with-dash", "имя таблицы"):
            client.create_table(DatabaseName=db, TableInput={"Name": name})
            equal(get(db, name)["Name"], name)
    with step("a name, a type and a parameter as long as they may be"):
        long = {"Name": "c", "Type": "struct<" + ",".join(f"field_{i}:int" for i in range(8000)) + ">"}
        given = {"Name": "n" * 255, "StorageDescriptor": {"Columns": [long]}, "Parameters": {"schema": "x" * 512_000}}
        client.create_table(DatabaseName=db, TableInput=given)
        made = get(db, "n" * 255)
        equal(made["StorageDescriptor"]["Columns"] == [long] and made["Parameters"] == given["Parameters"], True)
    with step("longer than they may be"):
        for given in ({"Name": "n" * 256}, {"Name": "x", "Description": "d" * 2049}, {"Name": "x\ny"}):
            answers("ValidationException", lambda: client.create_table(DatabaseName=db, TableInput=given))
        lacks(names(db), "x")
    with step("list tables by pages and by expressions"):
        for i in range(7):
            client.create_table(DatabaseName=db, TableInput={"Name": f"listed_{i}"})
        equal([table["Name"] for table in every("get_tables", "TableList", 3, DatabaseName=db, Expression="listed_.*")], numbered(range(7)))
        equal(names(db, "listed*"), numbered(range(7)))
        equal(names(db, "listed_[2-4]"), numbered((2, 3, 4)))
        equal(names(db, "*_1|*_5"), numbered((1, 5)))
        equal(names(db, "isted_1"), [])
        answers("InvalidInputException", lambda: names(db, "listed_[2"))
    with step("a page's token that no page gave"):
        answers("InvalidInputException", lambda: client.get_tables(DatabaseName=db, NextToken="forged"))
    with step("drop tables in a batch: one that is not there is told of"):
        answer = client.batch_delete_table(DatabaseName=db, TablesToDelete=[*numbered(range(7)), "no_such_table"])
        equal([(e["TableName"], e["ErrorDetail"]["ErrorCode"]) for e in answer["Errors"]], [("no_such_table", "EntityNotFoundException")])
        equal(names(db, "listed.*"), [])


def names(db, expression=None):
    arguments = {"Expression": expression} if expression else {}
    return sorted(table["Name"] for table in client.get_tables(DatabaseName=db, **arguments)["TableList"])


def numbered(numbers):
    return [f"listed_{i}" for i in numbers]


def updates(db):
    with step("an update replaces the whole definition and makes a version"):
        before = get(db, "t")["VersionId"]
        update(db, "t", Parameters={"n": "1"}, StorageDescriptor={"Columns": COLUMNS[:1]})
        after = get(db, "t")
        equal((after["Parameters"], after["StorageDescriptor"].get("Location"), after.get("Description")), ({"n": "1"}, None, None))
        equal(int(after["VersionId"]), int(before) + 1)
    with step("an update of the version that is known"):
        known = get(db, "t")["VersionId"]
        client.update_table(DatabaseName=db, TableInput=table_input("t", Parameters={"n": "2"}), VersionId=known)
        equal(get(db, "t")["Parameters"], {"n": "2"})
    with step("an update of an older version is refused and changes nothing"):
        stale = {"DatabaseName": db, "TableInput": table_input("t", Parameters={"n": "lost"}), "VersionId": known}
        answers("ConcurrentModificationException", lambda: client.update_table(**stale))
        equal(get(db, "t")["Parameters"], {"n": "2"})
    with step("of updates at the same time to one version one is done"):
        known = get(db, "t")["VersionId"]

        def attempt(i):
            try:
                client.update_table(DatabaseName=db, TableInput=table_input("t", Parameters={"n": f"w{i}"}), VersionId=known)
                return [i]
            except client.exceptions.ConcurrentModificationException:
                return []

        with ThreadPoolExecutor(8) as pool:
            done = sum(pool.map(attempt, range(8)), [])
        equal(len(done), 1)
        equal(get(db, "t")["Parameters"], {"n": f"w{done[0]}"})
    with step("updates at the same time without a version are all done"):
        before = int(get(db, "t")["VersionId"])
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: update(db, "t", Parameters={"n": str(i)}), range(12)))
        equal(int(get(db, "t")["VersionId"]), before + 12)


def versions(db):
    client.create_table(DatabaseName=db, TableInput=table_input("versioned", Parameters={"n": "0"}))
    first = int(get(db, "versioned")["VersionId"])
    for n in (1, 2, 3):
        update(db, "versioned", Parameters={"n": str(n)})

    def listed():
        found = every("get_table_versions", "TableVersions", 2, DatabaseName=db, TableName="versioned")
        return sorted((int(version["VersionId"]) - first, version["Table"]["Parameters"]["n"]) for version in found)

    def numbered(version):
        return {"DatabaseName": db, "TableName": "versioned", "VersionId": str(first + version)}

    with step("list versions by pages"):
        equal(listed(), [(0, "0"), (1, "1"), (2, "2"), (3, "3")])
    with step("read one version, and the latest"):
        equal(client.get_table_version(**numbered(1))["TableVersion"]["Table"]["Parameters"], {"n": "1"})
        latest = client.get_table_version(DatabaseName=db, TableName="versioned")["TableVersion"]
        equal((int(latest["VersionId"]) - first, latest["Table"]["Parameters"]), (3, {"n": "3"}))
    with step("read a version that is not there, or is none"):
        equal(answers("EntityNotFoundException", lambda: client.get_table_version(**numbered(99))), "Version not found.")
        answers("InvalidInputException", lambda: client.get_table_version(DatabaseName=db, TableName="versioned", VersionId="x"))
    with step("an update that archives nothing"):
        client.update_table(DatabaseName=db, TableInput=table_input("versioned", Parameters={"n": "4"}), SkipArchive=True)
        equal(int(get(db, "versioned")["VersionId"]) - first, 4)
        lacks(listed(), (3, "3"))
    with step("delete a version, and several"):
        client.delete_table_version(**numbered(0))
        ids = [str(first + 1), str(first + 99)]
        answer = client.batch_delete_table_version(DatabaseName=db, TableName="versioned", VersionIds=ids)
        equal([error["VersionId"] for error in answer["Errors"]], [str(first + 99)])
        equal(listed(), [(2, "2"), (4, "4")])


def kinds(db):
    with step("a view"):
        client.create_table(
            DatabaseName=db,
            TableInput={"Name": "seen", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": "SELECT 1", "ViewExpandedText": "SELECT 1 AS x"},
        )
        view = get(db, "seen")
        equal((view["TableType"], view["ViewOriginalText"], view["ViewExpandedText"]), ("VIRTUAL_VIEW", "SELECT 1", "SELECT 1 AS x"))
    with step("a link to another table, and to another database"):
        target = {"CatalogId": view["CatalogId"], "DatabaseName": db, "Name": "t"}
        client.create_table(DatabaseName=db, TableInput={"Name": "link", "TargetTable": target})
        equal(get(db, "link")["TargetTable"], target)
        target = {"CatalogId": view["CatalogId"], "DatabaseName": db}
        client.create_database(DatabaseInput={"Name": f"{db}_link", "TargetDatabase": target})
        equal(client.get_database(Name=f"{db}_link")["Database"]["TargetDatabase"], target)
        client.delete_database(Name=f"{db}_link")
    with step("an Iceberg table by its format alone"):
        client.create_table(
            DatabaseName=db,
            TableInput={
                "Name": "iced",
                "StorageDescriptor": {"Columns": COLUMNS[:1], "Location": f"file://{SCRATCH}/iced"},
                "TableType": "EXTERNAL_TABLE",
            },
            OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE", "Version": "2"}},
        )
        equal(get(db, "iced")["Parameters"]["table_type"], "ICEBERG")


def functions(db):
    uris = [{"ResourceType": "JAR", "Uri": "s3://lake/f.jar"}, {"ResourceType": "FILE", "Uri": "x" * 1024}]
    with step("create a function"):
        given = {"FunctionName": "twice", "ClassName": "org.example.Twice", "OwnerName": "alice", "OwnerType": "ROLE", "ResourceUris": uris}
        client.create_user_defined_function(DatabaseName=db, FunctionInput=given)
        made = client.get_user_defined_function(DatabaseName=db, FunctionName="TWICE")["UserDefinedFunction"]
        equal({key: made[key] for key in given}, given)
        answers("AlreadyExistsException", lambda: client.create_user_defined_function(DatabaseName=db, FunctionInput=given))
    with step("list functions by a pattern, with a quotation in it"):
        client.create_user_defined_function(DatabaseName=db, FunctionInput={"FunctionName": "half__1", "ClassName": "TrinoFunction"})

        def listed(pattern, **arguments):
            return sorted(
                f["FunctionName"] for f in every("get_user_defined_functions", "UserDefinedFunctions", 1, Pattern=pattern, **arguments)
            )

        equal(listed(".*", DatabaseName=db), ["half__1", "twice"])
        equal(listed(r"\Qhalf\E__.*", DatabaseName=db), ["half__1"])
        contains(listed("twi.*"), "twice")
    with step("change and drop a function"):
        client.update_user_defined_function(
            DatabaseName=db, FunctionName="twice", FunctionInput={"FunctionName": "twice", "ClassName": "org.example.Two"}
        )
        equal(
            client.get_user_defined_function(DatabaseName=db, FunctionName="twice")["UserDefinedFunction"]["ClassName"], "org.example.Two"
        )
        client.delete_user_defined_function(DatabaseName=db, FunctionName="twice")
        answers("EntityNotFoundException", lambda: client.get_user_defined_function(DatabaseName=db, FunctionName="twice"))
        answers("EntityNotFoundException", lambda: client.delete_user_defined_function(DatabaseName=db, FunctionName="twice"))


def search(db):
    word = unique("needle")
    for name, more in (
        ("by_description", {"Description": f"about a {word} in the hay"}),
        ("by_parameter", {"Parameters": {"note": word}}),
        ("by_column", {"StorageDescriptor": {"Columns": [{"Name": word, "Type": "int"}]}}),
        (word, {}),
    ):
        client.create_table(DatabaseName=db, TableInput={"Name": name, **more})

    def found(**arguments):
        return [table["Name"] for table in every("search_tables", "TableList", 3, **arguments)]

    with step("search in names, columns, descriptions and parameters"):
        equal(sorted(found(SearchText=word)), sorted(["by_column", "by_description", "by_parameter", word]))
        equal(found(SearchText=f'"{word} in the hay"'), ["by_description"])
        equal(found(SearchText=unique("nothing")), [])
    with step("search by filters, sorted"):
        in_db = {"Key": "DatabaseName", "Value": db}
        equal(found(Filters=[in_db, {"Key": "Name", "Value": word}]), [word])
        order = [{"FieldName": "Name", "Sort": "DESC"}]
        equal(found(SearchText=word, Filters=[in_db], SortCriteria=order), sorted(found(SearchText=word), reverse=True))


def tags(db):
    with step("tag a database"):
        account = client.get_database(Name=db)["Database"]["CatalogId"]
        arn = f"arn:aws:glue:{client.meta.region_name}:{account}:database/{db}"
        client.tag_resource(ResourceArn=arn, TagsToAdd={"team": "a", "cost": "1"})
        client.untag_resource(ResourceArn=arn, TagsToRemove=["cost"])
        equal(client.get_tags(ResourceArn=arn)["Tags"], {"team": "a"})
    with step("tag what is not there"):
        answers("EntityNotFoundException", lambda: client.get_tags(ResourceArn=arn + "_no"))


def drops(db):
    with step("drop a database with all that is in it"):
        client.delete_database(Name=db)
        answers("EntityNotFoundException", lambda: client.get_database(Name=db))
        client.create_database(DatabaseInput={"Name": db})
        equal(names(db), [])
        equal(client.get_user_defined_functions(DatabaseName=db, Pattern=".*")["UserDefinedFunctions"], [])
        client.delete_database(Name=db)
