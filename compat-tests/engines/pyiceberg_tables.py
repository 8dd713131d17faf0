"""PyIceberg's HiveCatalog."""

import os
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DateType, DoubleType, IntegerType, ListType, LongType, NestedField, StringType, StructType

from clients import SCRATCH, iceberg_catalog, path, unique
from steps import contains, equal, finish, lacks, step

db = unique("pyice")
catalog = iceberg_catalog()
schema = Schema(
    NestedField(1, "id", IntegerType(), required=False, doc="the id"),
    NestedField(2, "v", StringType()),
    NestedField(3, "region", StringType()),
    NestedField(
        4, "info", StructType(NestedField(5, "a", IntegerType()), NestedField(6, "tags", ListType(7, StringType(), element_required=False)))
    ),
)


def raises(kind, action):
    try:
        action()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def batch(*ids, region="eu"):
    return pa.table(
        {
            "id": pa.array(ids, pa.int32()),
            "v": [f"v{i}" for i in ids],
            "region": [region for _ in ids],
            "info": pa.array([{"a": i, "tags": ["t"]} for i in ids], pa.struct([("a", pa.int32()), ("tags", pa.list_(pa.string()))])),
        }
    )


def ids(table, *arguments, **keywords):
    return sorted(table.scan(*arguments, **keywords).to_arrow()["id"].to_pylist())


with step("create a namespace with properties"):
    catalog.create_namespace(db, {"comment": "tables", "location": f"file://{SCRATCH}/{db}", "team": "a"})
    contains(catalog.list_namespaces(), (db,))
    properties = catalog.load_namespace_properties(db)
    equal((properties["comment"], properties["team"]), ("tables", "a"))
with step("create an existing namespace, read one that is not there"):
    raises(NamespaceAlreadyExistsError, lambda: catalog.create_namespace(db))
    raises(NoSuchNamespaceError, lambda: catalog.load_namespace_properties("no_such_namespace"))
    equal(catalog.namespace_exists("no_such_namespace"), False)
with step("change a namespace's properties"):
    summary = catalog.update_namespace_properties(db, removals={"team"}, updates={"owner_team": "b"})
    equal((summary.removed, summary.updated), (["team"], ["owner_team"]))
    lacks(catalog.load_namespace_properties(db), "team")
with step("create a table"):
    table = catalog.create_table(f"{db}.t", schema, properties={"k": "v"})
    equal(table.schema().column_names[:3], ["id", "v", "region"])
    equal(table.properties["k"], "v")
    equal(catalog.table_exists(f"{db}.t"), True)
with step("create an existing table, load one that is not there"):
    raises(TableAlreadyExistsError, lambda: catalog.create_table(f"{db}.t", schema))
    raises(NoSuchTableError, lambda: catalog.load_table(f"{db}.no_such_table"))
    equal(catalog.create_table_if_not_exists(f"{db}.t", schema).properties["k"], "v")
with step("create a table in a namespace that is not there"):
    raises(NoSuchNamespaceError, lambda: catalog.create_table("no_such_namespace.t", schema))
with step("append, and read with a filter"):
    table.append(batch(1, 2))
    table.append(batch(3, region="us"))
    equal(ids(table), [1, 2, 3])
    equal(ids(table, row_filter="region = 'us' and id > 1"), [3])
    equal(catalog.load_table(f"{db}.t").scan().to_arrow()["info"].to_pylist()[0]["tags"], ["t"])
with step("overwrite and delete"):
    table.overwrite(batch(4, region="us"), overwrite_filter="region = 'us'")
    equal(ids(table), [1, 2, 4])
    table.delete("id = 1")
    equal(ids(table), [2, 4])
with step("upsert"):
    table.upsert(batch(4, 5), join_cols=["id"])
    equal(ids(table, row_filter="region = 'eu'"), [2, 4, 5])
with step("time travel"):
    first_snapshot = table.history()[0].snapshot_id
    equal(ids(table, snapshot_id=first_snapshot), [1, 2])
with step("add, rename and widen columns"):
    with table.update_schema() as update:
        update.add_column("score", DoubleType(), doc="s")
        update.rename_column("v", "word")
        update.update_column("id", LongType())
    equal(table.schema().find_field("score").doc, "s")
    equal(catalog.load_table(f"{db}.t").schema().column_names[:2], ["id", "word"])
    equal(ids(catalog.load_table(f"{db}.t")), [2, 4, 5])
with step("add a field to a struct"):
    with table.update_schema() as update:
        update.add_column(("info", "day"), DateType())
    equal(catalog.load_table(f"{db}.t").schema().find_field("info.day").field_type, DateType())
with step("change the partitioning"):
    with table.update_spec() as update:
        update.add_field("region", IdentityTransform())
    equal([field.name for field in catalog.load_table(f"{db}.t").spec().fields], ["region"])
with step("set and remove table properties"):
    with table.transaction() as transaction:
        transaction.set_properties(k="w", more="x")
        transaction.remove_properties("more")
    equal(catalog.load_table(f"{db}.t").properties["k"], "w")
with step("tags"):
    table.manage_snapshots().create_tag(first_snapshot, "kept").commit()
    contains(catalog.load_table(f"{db}.t").refs(), "kept", "main")
with step("a commit on an outdated table undoes nothing"):
    stale = catalog.load_table(f"{db}.t")
    catalog.load_table(f"{db}.t").append(batch(6).select(["id", "region"]))
    try:
        stale.append(batch(7).select(["id", "region"]))
        expected = [2, 4, 5, 6, 7]
    except CommitFailedException:
        expected = [2, 4, 5, 6]
    equal(ids(catalog.load_table(f"{db}.t")), expected)
with step("commits at the same time: each is there whole or is refused"):
    catalog.create_table(f"{db}.busy", Schema(NestedField(1, "id", IntegerType())))

    def commit(i):
        try:
            iceberg_catalog().load_table(f"{db}.busy").append(pa.table({"id": pa.array([i], pa.int32())}))
            return [i]
        except CommitFailedException:
            return []

    with ThreadPoolExecutor(2) as pool:
        committed = sum(pool.map(commit, range(6)), [])
    equal(len(committed) > 0, True)
    equal(ids(catalog.load_table(f"{db}.busy")), committed)
with step("list tables"):
    equal(sorted(catalog.list_tables(db)), [(db, "busy"), (db, "t")])
with step("rename a table"):
    catalog.rename_table(f"{db}.busy", f"{db}.calm")
    equal(ids(catalog.load_table(f"{db}.calm")), committed)
    raises(NoSuchTableError, lambda: catalog.load_table(f"{db}.busy"))
with step("rename a table that is not there, or into a namespace that is not"):
    raises(NoSuchTableError, lambda: catalog.rename_table(f"{db}.busy", f"{db}.other"))
    raises(NoSuchNamespaceError, lambda: catalog.rename_table(f"{db}.calm", "no_such_namespace.calm"))
with step("register a table by its metadata file"):
    catalog.register_table(f"{db}.registered", catalog.load_table(f"{db}.calm").metadata_location)
    equal(ids(catalog.load_table(f"{db}.registered")), committed)
with step("drop a namespace that is not empty"):
    raises(NamespaceNotEmptyError, lambda: catalog.drop_namespace(db))
with step("drop tables: their files stay"):
    folder = path(catalog.load_table(f"{db}.t").location())
    catalog.drop_table(f"{db}.registered")
    equal(ids(catalog.load_table(f"{db}.calm")), committed)
    catalog.drop_table(f"{db}.t")
    equal(any(name.endswith(".parquet") for _, _, names in os.walk(folder) for name in names), True)
    raises(NoSuchTableError, lambda: catalog.drop_table(f"{db}.t"))
    catalog.drop_table(f"{db}.calm")
with step("drop the namespace"):
    catalog.drop_namespace(db)
    lacks(catalog.list_namespaces(), (db,))
    raises(NoSuchNamespaceError, lambda: catalog.drop_namespace(db))
finish()
