"""boto3: partitions, their expressions, segments, indexes and statistics."""

import datetime
import decimal
import itertools

from clients import SCRATCH, glue, unique
from glue_tables import every
from steps import answers, contains, equal, lacks, step

client = glue()

REGIONS = ("ap", "eu", "it's", "us west/1", "__HIVE_DEFAULT_PARTITION__")
DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")
HOURS = (2, 9, 10)
AMOUNTS = ("1.50", "-2.25")
KEYS = list(itertools.product(REGIONS, DAYS, HOURS, AMOUNTS))

# Each is an expression and the same said in Python of a partition's values.
EXPRESSIONS = (
    ("", lambda r, d, h, a: True),
    ("  ", lambda r, d, h, a: True),
    ("region = 'eu'", lambda r, d, h, a: r == "eu"),
    ("region <> 'eu'", lambda r, d, h, a: r != "eu"),
    ("region = 'it''s'", lambda r, d, h, a: r == "it's"),
    ("REGION > 'eu' and region <= 'us west/1'", lambda r, d, h, a: "eu" < r <= "us west/1"),
    ("region LIKE 'us%'", lambda r, d, h, a: r.startswith("us")),
    ("region not like '_p'", lambda r, d, h, a: r != "ap"),
    ("region IN ('us west/1', 'zz', 'ap')", lambda r, d, h, a: r in ("us west/1", "ap")),
    ("((region in ('ap', 'eu')))", lambda r, d, h, a: r in ("ap", "eu")),
    ("region NOT IN ('ap', 'eu')", lambda r, d, h, a: r not in ("ap", "eu")),
    ("(region = '__HIVE_DEFAULT_PARTITION__')", lambda r, d, h, a: r == REGIONS[-1]),
    ("dt = '2024-01-02'", lambda r, d, h, a: d == DAYS[1]),
    ("dt between '2024-01-02' and '2024-02-01'", lambda r, d, h, a: d >= DAYS[1]),
    ("dt NOT BETWEEN '2024-01-02' AND '2024-01-03'", lambda r, d, h, a: d == DAYS[0]),
    ("hr = 9", lambda r, d, h, a: h == 9),
    ("hr < '10'", lambda r, d, h, a: h < 10),
    ("hr in (2, 10, 11)", lambda r, d, h, a: h != 9),
    ("hr >= 9 AND hr < 10 OR hr = 2 AND region = 'eu'", lambda r, d, h, a: h == 9 or (h == 2 and r == "eu")),
    ("hr >= 9 AND (hr < 10 OR region = 'eu')", lambda r, d, h, a: h >= 9 and (h < 10 or r == "eu")),
    ("amount = 1.5", lambda r, d, h, a: a == AMOUNTS[0]),
    ("amount < 0", lambda r, d, h, a: a == AMOUNTS[1]),
    ("NOT (region = 'ap')", lambda r, d, h, a: r != "ap"),
    (" OR ".join(f"(hr = {i} AND region = 'eu')" for i in range(3, 10)), lambda r, d, h, a: (r, h) == ("eu", 9)),
)


def run():
    db = unique("glueparts")
    client.create_database(DatabaseInput={"Name": db})
    singly(db)
    many(db)
    expressions(db)
    indexes(db)
    statistics(db)
    with step("drop the database of partitions"):
        client.delete_database(Name=db)


def create_table(db, name, keys):
    client.create_table(
        DatabaseName=db,
        TableInput={
            "Name": name,
            "TableType": "EXTERNAL_TABLE",
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int"}], "Location": f"file://{SCRATCH}/{name}"},
            "PartitionKeys": [{"Name": key, "Type": kind} for key, kind in keys.items()],
        },
    )


def partition(*values, **more):
    location = f"file://{SCRATCH}/" + "/".join(values)
    storage = {"Columns": [{"Name": "id", "Type": "int"}], "Location": location, "Parameters": {"p": "v"}}
    return {"Values": list(values), "StorageDescriptor": storage, **more}


def batches(items, size):
    return [items[i : i + size] for i in range(0, len(items), size)]


def singly(db):
    create_table(db, "single", {"dt": "string", "hr": "int"})
    table = {"DatabaseName": db, "TableName": "single"}
    with step("create a partition: what was given comes back"):
        given = partition("d1", "1", Parameters={"numRows": "7", "empty": ""})
        client.create_partition(**table, PartitionInput=given)
        made = client.get_partition(**table, PartitionValues=["d1", "1"])["Partition"]
        equal({key: made[key] for key in given}, given)
        equal((made["DatabaseName"], made["TableName"]), (db, "single"))
        contains(made, "CreationTime", "CatalogId")
    with step("create an existing partition, read one that is not there"):
        answers("AlreadyExistsException", lambda: client.create_partition(**table, PartitionInput=given))
        answers("EntityNotFoundException", lambda: client.get_partition(**table, PartitionValues=["d9", "1"]))
        answers("EntityNotFoundException", lambda: client.delete_partition(**table, PartitionValues=["d9", "1"]))
        no_table = {"DatabaseName": db, "TableName": "no_such_table"}
        answers("EntityNotFoundException", lambda: client.create_partition(**no_table, PartitionInput=given))
        answers("EntityNotFoundException", lambda: client.get_partitions(**no_table))
    with step("as many values as the table has keys"):
        answers("InvalidInputException", lambda: client.create_partition(**table, PartitionInput=partition("d1")))
    with step("an update replaces the whole definition"):
        changed = partition("d1", "1", Parameters={"numRows": "8"})
        client.update_partition(**table, PartitionValueList=["d1", "1"], PartitionInput=changed)
        equal(client.get_partition(**table, PartitionValues=["d1", "1"])["Partition"]["Parameters"], {"numRows": "8"})
        answers(
            "EntityNotFoundException",
            lambda: client.update_partition(**table, PartitionValueList=["d9", "1"], PartitionInput=partition("d9", "1")),
        )
    with step("values of all kinds of characters"):
        for i, value in enumerate(("a/b", "a=b", "100%", "it's", 'say "x"', "Zürich", "日本", "CASE", "case", " ")):
            client.create_partition(**table, PartitionInput=partition(value, str(i)))
            equal(client.get_partition(**table, PartitionValues=[value, str(i)])["Partition"]["Values"], [value, str(i)])
    with step("delete a partition"):
        client.delete_partition(**table, PartitionValues=["d1", "1"])
        answers("EntityNotFoundException", lambda: client.get_partition(**table, PartitionValues=["d1", "1"]))


def many(db):
    create_table(db, "many", {"n": "int"})
    table = {"DatabaseName": db, "TableName": "many"}

    def listed(**arguments):
        return [int(p["Values"][0]) for p in every("get_partitions", "Partitions", 1000, **table, **arguments)]

    with step("create 2,350 partitions in batches"):
        for batch in batches(range(2350), 100):
            answer = client.batch_create_partition(**table, PartitionInputList=[partition(str(n)) for n in batch])
            equal(answer.get("Errors", []), [])
    with step("list them by pages of a thousand"):
        equal(sorted(listed()), list(range(2350)))
    with step("list them in segments: each is in one of them"):
        segments = [listed(Segment={"SegmentNumber": i, "TotalSegments": 5}) for i in range(5)]
        equal(sorted(sum(segments, [])), list(range(2350)))
        equal(all(segments), True)
    with step("list them without columns"):
        page = client.get_partitions(**table, ExcludeColumnSchema=True, MaxResults=10)["Partitions"]
        equal([p["StorageDescriptor"].get("Columns", []) for p in page], [[]] * 10)
        contains(page[0]["StorageDescriptor"], "Location")
    with step("pages stay right while partitions come and go"):
        pages = iter(client.get_paginator("get_partitions").paginate(**table, PaginationConfig={"PageSize": 500}))
        seen = [int(p["Values"][0]) for p in next(pages)["Partitions"]]
        for batch in batches(seen[:100], 25):
            client.batch_delete_partition(**table, PartitionsToDelete=[{"Values": [str(n)]} for n in batch])
        client.create_partition(**table, PartitionInput=partition("5000"))
        seen += [int(p["Values"][0]) for page in pages for p in page["Partitions"]]
        equal(sorted(n for n in seen if n < 5000), list(range(2350)))
        equal(len(listed()), 2251)
        gone = seen[:100]
    with step("a batch with partitions that are there: the others are created"):
        answer = client.batch_create_partition(**table, PartitionInputList=[partition(n) for n in ("6000", "5000", "6001")])
        errors = [(error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in answer["Errors"]]
        equal(errors, [(["5000"], "AlreadyExistsException")])
        equal(sorted(listed(Expression="n >= 6000")), [6000, 6001])
    with step("get partitions in a batch: those that are not there are left out"):
        values = [{"Values": [str(n)]} for n in (6000, gone[0], 6001)]
        answer = client.batch_get_partition(**table, PartitionsToGet=values)
        equal(sorted(p["Values"] for p in answer["Partitions"]), [["6000"], ["6001"]])
        equal(answer.get("UnprocessedKeys", []), [])
    with step("update partitions in a batch"):
        entries = [{"PartitionValueList": [n], "PartitionInput": partition(n, Parameters={"new": n})} for n in ("6000", "6001", "9999")]
        answer = client.batch_update_partition(**table, Entries=entries)
        errors = [(error["PartitionValueList"], error["ErrorDetail"]["ErrorCode"]) for error in answer["Errors"]]
        equal(errors, [(["9999"], "EntityNotFoundException")])
        equal(client.get_partition(**table, PartitionValues=["6001"])["Partition"]["Parameters"], {"new": "6001"})
    with step("delete partitions in a batch"):
        answer = client.batch_delete_partition(**table, PartitionsToDelete=[{"Values": [n]} for n in ("6000", "9999")])
        errors = [(error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in answer["Errors"]]
        equal(errors, [(["9999"], "EntityNotFoundException")])
        lacks(listed(), 6000)


def expressions(db):
    create_table(db, "filtered", {"region": "string", "dt": "date", "hr": "int", "amount": "decimal(10,2)"})
    table = {"DatabaseName": db, "TableName": "filtered"}
    for batch in batches(KEYS, 100):
        client.batch_create_partition(**table, PartitionInputList=[partition(*map(str, values)) for values in batch])

    def listed(expression, **arguments):
        return sorted(p["Values"] for p in every("get_partitions", "Partitions", 20, **table, Expression=expression, **arguments))

    for expression, holds in EXPRESSIONS:
        with step(f"partitions where {expression[:60]}"):
            expected = sorted([r, d, str(h), a] for r, d, h, a in KEYS if holds(r, d, h, a))
            equal(listed(expression), expected)
    with step("an expression in segments"):
        found = [listed("hr = 9", Segment={"SegmentNumber": i, "TotalSegments": 3}) for i in range(3)]
        equal(sorted(sum(found, [])), listed("hr = 9"))
    for expression in (
        "nothing = 1",
        "hr = 'x'",
        "hr = 1.5",
        "dt = '2024'",
        "hr LIKE '1%'",
        "region = ",
        "region 'eu'",
        "(hr = 1",
        "hr = 1)",
    ):
        with step(f"an expression that is refused: {expression}"):
            answers("InvalidInputException", lambda: listed(expression))


def indexes(db):
    table = {"DatabaseName": db, "TableName": "filtered"}

    def listed():
        found = client.get_partition_indexes(**table)["PartitionIndexDescriptorList"]
        return [(index["IndexName"], [key["Name"] for key in index["Keys"]]) for index in found]

    with step("create, list and delete a partition index"):
        client.create_partition_index(**table, PartitionIndex={"IndexName": "by_day", "Keys": ["dt", "region"]})
        equal(listed(), [("by_day", ["dt", "region"])])
        client.delete_partition_index(**table, IndexName="by_day")
        equal(listed(), [])
    with step("an index of what is no partition key"):
        answers(
            "InvalidInputException",
            lambda: client.create_partition_index(**table, PartitionIndex={"IndexName": "bad", "Keys": ["id"]}),
        )


def number(value):
    """A decimal as the service has it: big-endian two's complement."""
    sign, digits, exponent = decimal.Decimal(value).as_tuple()
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    return {"UnscaledValue": unscaled.to_bytes(unscaled.bit_length() // 8 + 1, "big", signed=True), "Scale": -exponent}


ANALYZED = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
DATA = {
    "bo": ("boolean", "Boolean", {"NumberOfTrues": 3, "NumberOfFalses": 4, "NumberOfNulls": 1}),
    "lo": ("bigint", "Long", {"MinimumValue": -(2**40), "MaximumValue": 2**62, "NumberOfNulls": 0, "NumberOfDistinctValues": 9}),
    "dou": ("double", "Double", {"MinimumValue": -0.5, "MaximumValue": 1e300, "NumberOfNulls": 2, "NumberOfDistinctValues": 5}),
    "de": (
        "decimal(20,2)",
        "Decimal",
        {"MinimumValue": number("-12.34"), "MaximumValue": number("1234567890123456.78"), "NumberOfNulls": 0, "NumberOfDistinctValues": 2},
    ),
    "st": ("string", "String", {"MaximumLength": 100, "AverageLength": 7.5, "NumberOfNulls": 0, "NumberOfDistinctValues": 3}),
    "bi": ("binary", "Binary", {"MaximumLength": 8, "AverageLength": 2.25, "NumberOfNulls": 6}),
    "da": (
        "date",
        "Date",
        {
            "MinimumValue": ANALYZED.replace(year=1960, hour=0, minute=0, second=0),
            "MaximumValue": ANALYZED.replace(hour=0, minute=0, second=0),
            "NumberOfNulls": 0,
            "NumberOfDistinctValues": 2,
        },
    ),
}


def statistics_of(column):
    kind, name, values = DATA[column]
    data = {"Type": name.upper(), f"{name}ColumnStatisticsData": values}
    return {"ColumnName": column, "ColumnType": kind, "AnalyzedTime": ANALYZED, "StatisticsData": data}


def statistics(db):
    columns = [{"Name": column, "Type": kind} for column, (kind, _, _) in DATA.items()]
    client.create_table(
        DatabaseName=db,
        TableInput={"Name": "measured", "StorageDescriptor": {"Columns": columns}, "PartitionKeys": [{"Name": "p", "Type": "string"}]},
    )
    client.create_partition(DatabaseName=db, TableName="measured", PartitionInput=partition("a"))
    table = {"DatabaseName": db, "TableName": "measured"}
    for what, kind, whose in (("a table", "table", table), ("a partition", "partition", {**table, "PartitionValues": ["a"]})):
        update, get, delete = (getattr(client, f"{verb}_column_statistics_for_{kind}") for verb in ("update", "get", "delete"))
        everything = [statistics_of(column) for column in DATA]
        with step(f"statistics of every type of {what}"):
            equal(update(**whose, ColumnStatisticsList=everything).get("Errors", []), [])
            found = get(**whose, ColumnNames=list(DATA))["ColumnStatisticsList"]
            equal(sorted(found, key=lambda s: s["ColumnName"]), sorted(everything, key=lambda s: s["ColumnName"]))
        with step(f"statistics of {what} are replaced, and deleted by column"):
            less = statistics_of("bo")
            less["StatisticsData"]["BooleanColumnStatisticsData"] = {"NumberOfTrues": 0, "NumberOfFalses": 0, "NumberOfNulls": 9}
            update(**whose, ColumnStatisticsList=[less])
            equal(get(**whose, ColumnNames=["bo"])["ColumnStatisticsList"], [less])
            delete(**whose, ColumnName="bo")
            answer = get(**whose, ColumnNames=["bo", "lo"])
            equal([s["ColumnName"] for s in answer["ColumnStatisticsList"]], ["lo"])
    with step("statistics of what is not there"):
        no_table = {"DatabaseName": db, "TableName": "no_such_table"}
        answers("EntityNotFoundException", lambda: client.get_column_statistics_for_table(**no_table, ColumnNames=["x"]))
        answers(
            "EntityNotFoundException",
            lambda: client.get_column_statistics_for_partition(**table, PartitionValues=["z"], ColumnNames=["lo"]),
        )
