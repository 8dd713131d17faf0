"""Trino and PyIceberg on warehouses on S3: the metastore makes and removes what is there."""

import pyarrow as pa
from pyarrow.fs import FileSelector, FileType

from clients import Trino, s3_catalog, s3_files, unique, wait_for_trino
from steps import contains, equal, finish, lacks, refused, step
from trino_tables import first, statistics_of

wait_for_trino()
db = unique("stored")
files = s3_files()


def objects(prefix):
    """Keys below a URL, of files and of folders' markers."""
    selector = FileSelector(prefix.removeprefix("s3://"), allow_not_found=True, recursive=True)
    return [info.path for info in files.get_file_info(selector)]


def folder(table):
    return trino(f'SELECT "$path" FROM {table} LIMIT 1')[0][0].rsplit("/", 1)[0]


with step("create a schema: its folder is made"):
    Trino("hive")(f"CREATE SCHEMA {db}")
    root = Trino("hive")(f"SHOW CREATE SCHEMA {db}")[0][0].split("'")[1]
    contains((f"s3://lake/managed/{db}.db", f"s3://lake/external/{db}.db"), root)
    equal(files.get_file_info(root.removeprefix("s3://")).type, FileType.Directory)
trino, delta, ice = Trino("hive", db), Trino("delta", db), Trino("iceberg", db)
with step("a location in a bucket that is not there: nothing is half made"):
    refused(lambda: trino(f"CREATE SCHEMA {db}_lost WITH (location = 's3://no-such-bucket/x')"), "no-such-bucket")
    lacks(first(trino("SHOW SCHEMAS")), f"{db}_lost")

with step("a managed table"):
    trino("CREATE TABLE nations AS SELECT * FROM tpch.tiny.nation")
    equal(folder("nations"), f"{root}/nations")
    equal(statistics_of(trino, "nations")["regionkey"][1:], (5, 0, "0", "4"))
with step("partitions"):
    trino("CREATE TABLE days (id integer, dt varchar) WITH (partitioned_by = ARRAY['dt'])")
    trino("INSERT INTO days VALUES (1, 'a b'), (2, 'c/d'), (3, 'e=f')")
    equal(trino("SELECT id FROM days WHERE dt = 'c/d'"), [(2,)])
    trino("DELETE FROM days WHERE dt = 'a b'")
    equal([key for key in objects(f"{root}/days") if "a b" in key], [])
with step("an empty partition"):
    trino(f"CALL system.create_empty_partition('{db}', 'days', ARRAY['dt'], ARRAY['g'])")
    equal(first(trino('SELECT dt FROM "days$partitions" ORDER BY dt')), ["c/d", "e=f", "g"])
with step("rename a table"):
    trino("ALTER TABLE days RENAME TO dates")
    equal(trino("SELECT id FROM dates WHERE dt = 'e=f'"), [(3,)])
with step("drop a managed table: its objects go"):
    place = folder("dates")
    trino("DROP TABLE dates")
    equal(objects(place), [])
with step("drop an external table: its objects stay"):
    with files.open_output_stream("lake/outside/rows.csv") as stream:
        stream.write(b"a,1\n")
    trino("CREATE TABLE outside (k varchar, v varchar) WITH (format = 'CSV', external_location = 's3://lake/outside')")
    equal(trino("SELECT k FROM outside"), [("a",)])
    trino("DROP TABLE outside")
    contains(objects("s3://lake/outside"), "lake/outside/rows.csv")

with step("a Delta table: create and insert"):
    delta("CREATE TABLE changes (id integer, v varchar, day date) WITH (partitioned_by = ARRAY['day'])")
    delta("INSERT INTO changes VALUES (1, 'a', DATE '2024-01-01'), (2, 'b', DATE '2024-01-02')")
    equal(delta("SELECT id, v FROM changes ORDER BY id"), [(1, "a"), (2, "b")])
with step("a Delta table: update, delete, merge"):
    delta("UPDATE changes SET v = 'c' WHERE id = 2")
    delta("DELETE FROM changes WHERE day = DATE '2024-01-01'")
    delta(
        "MERGE INTO changes USING (VALUES 2, 3) AS s(id) ON changes.id = s.id"
        " WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'm', DATE '2024-01-03')"
    )
    equal(delta("SELECT id, v FROM changes"), [(3, "m")])
with step("a Delta table: columns, comments, replacement"):
    delta("ALTER TABLE changes ADD COLUMN more double")
    delta("COMMENT ON TABLE changes IS 'changed'")
    contains(delta("SHOW CREATE TABLE changes")[0][0], "COMMENT 'changed'", "more double")
    delta("CREATE OR REPLACE TABLE changes AS SELECT 1 AS x")
    equal(delta("SELECT * FROM changes"), [(1,)])
with step("a Delta table: statistics and history"):
    delta("ANALYZE changes")
    equal(delta('SELECT count(*) > 5 FROM "changes$history"'), [(True,)])

with step("an Iceberg table of Trino's and PyIceberg's"):
    ice("CREATE TABLE events AS SELECT 1 AS id")
    table = s3_catalog().load_table(f"{db}.events")
    table.append(pa.table({"id": pa.array([2], pa.int32())}))
    equal(ice("SELECT id FROM events ORDER BY id"), [(1,), (2,)])
    s3_catalog().create_table(f"{db}.of_pyiceberg", pa.schema([("id", pa.int32())]))
    ice("INSERT INTO of_pyiceberg VALUES 5")
    equal(s3_catalog().load_table(f"{db}.of_pyiceberg").scan().to_arrow()["id"].to_pylist(), [5])
with step("drop the schema with all that is in it"):
    delta("DROP TABLE changes")
    for table in ("events", "of_pyiceberg"):
        ice(f"DROP TABLE {table}")
    trino(f"DROP SCHEMA {db} CASCADE")
    lacks(first(trino("SHOW SCHEMAS")), db)
    equal([key for key in objects(root) if "/nations/" in key], [])
finish()
