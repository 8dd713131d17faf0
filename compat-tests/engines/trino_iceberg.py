"""Trino's Iceberg connector on the Hive catalog."""

import os
from concurrent.futures import ThreadPoolExecutor

from clients import SCRATCH, Trino, unique, wait_for_trino
from steps import contains, equal, finish, lacks, refused, step
from trino_tables import first, statistics_of

wait_for_trino()
db = unique("ice")
with step("create a schema"):
    Trino("iceberg")(f"CREATE SCHEMA {db}")
    contains(first(Trino("iceberg")("SHOW SCHEMAS")), db)
trino = Trino("iceberg", db)


def snapshots(table):
    return first(trino(f'SELECT snapshot_id FROM "{table}$snapshots" ORDER BY committed_at'))


with step("create a table and insert"):
    trino("CREATE TABLE t (id integer NOT NULL COMMENT 'the id', v varchar, day date) COMMENT 'first' WITH (partitioning = ARRAY['day'])")
    trino("INSERT INTO t VALUES (1, 'a', DATE '2024-01-01'), (2, 'b', DATE '2024-01-02')")
    equal(trino("SELECT id, v FROM t ORDER BY id"), [(1, "a"), (2, "b")])
    contains(trino("SHOW CREATE TABLE t")[0][0], "COMMENT 'first'", "partitioning = ARRAY['day']", "NOT NULL COMMENT 'the id'")
with step("create an existing table, read one that is not there"):
    refused(lambda: trino("CREATE TABLE t (x integer)"), "already exists")
    refused(lambda: trino("SELECT * FROM no_such_table"), "does not exist")
with step("create a table as a query's result"):
    trino("CREATE TABLE nations WITH (format = 'ORC', sorted_by = ARRAY['name']) AS SELECT * FROM tpch.tiny.nation")
    equal(trino("SELECT count(*) FROM nations"), [(25,)])
with step("replace a table"):
    trino("CREATE OR REPLACE TABLE replaced AS SELECT 1 AS x")
    trino("CREATE OR REPLACE TABLE replaced AS SELECT 'a' AS y, 2 AS z")
    equal(trino("SELECT * FROM replaced"), [("a", 2)])
with step("a table at its own location"):
    trino(f"CREATE TABLE placed (x integer) WITH (location = 'file://{SCRATCH}/{db}_placed')")
    trino("INSERT INTO placed VALUES 1")
    equal(os.path.isdir(f"{SCRATCH}/{db}_placed/metadata"), True)
with step("update, delete, merge"):
    trino("UPDATE t SET v = 'c' WHERE id = 2")
    trino("INSERT INTO t VALUES (3, 'd', DATE '2024-01-03')")
    trino("DELETE FROM t WHERE id = 1")
    trino(
        "MERGE INTO t USING (VALUES (3, 'm'), (4, 'n')) AS s(id, v) ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v, DATE '2024-01-04')"
    )
    equal(trino("SELECT id, v FROM t ORDER BY id"), [(2, "c"), (3, "m"), (4, "n")])
with step("time travel"):
    first_one = snapshots("t")[1]
    equal(trino(f"SELECT id, v FROM t FOR VERSION AS OF {first_one} ORDER BY id"), [(1, "a"), (2, "b")])
with step("roll back"):
    before = snapshots("replaced")[-1]
    trino("INSERT INTO replaced VALUES ('b', 3)")
    trino(f"ALTER TABLE replaced EXECUTE rollback_to_snapshot({before})")
    equal(trino("SELECT * FROM replaced"), [("a", 2)])
with step("add, rename and drop columns"):
    trino("ALTER TABLE t ADD COLUMN info row(a integer, b varchar)")
    trino("ALTER TABLE t ADD COLUMN more double")
    trino("ALTER TABLE t RENAME COLUMN v TO word")
    trino("ALTER TABLE t DROP COLUMN more")
    equal(first(trino("DESCRIBE t")), ["id", "word", "day", "info"])
with step("widen a column's type"):
    trino("ALTER TABLE t ALTER COLUMN id SET DATA TYPE bigint")
    trino("INSERT INTO t VALUES (5000000000, 'e', DATE '2024-01-05', ROW(1, 'x'))")
    equal(trino("SELECT id, word, info.b FROM t WHERE id > 3 ORDER BY id"), [(4, "n", None), (5000000000, "e", "x")])
with step("add and drop a field of a row"):
    trino("ALTER TABLE t ADD COLUMN info.c double")
    trino("ALTER TABLE t DROP COLUMN info.a")
    equal(trino("SELECT info.b, info.c FROM t WHERE id = 5000000000"), [("x", None)])
with step("drop a column of rows"):
    trino("ALTER TABLE t DROP COLUMN info")
    equal(first(trino("DESCRIBE t")), ["id", "word", "day"])
with step("change the partitioning"):
    trino("ALTER TABLE t SET PROPERTIES partitioning = ARRAY['month(day)', 'bucket(id, 4)']")
    trino("INSERT INTO t VALUES (6, 'f', DATE '2024-02-01')")
    equal(trino("SELECT count(*) FROM t WHERE day >= DATE '2024-01-05'"), [(2,)])
    contains(trino("SHOW CREATE TABLE t")[0][0], "month(day)", "bucket(id, 4)")
with step("comments and properties"):
    trino("COMMENT ON TABLE t IS 'changed'")
    trino("COMMENT ON COLUMN t.word IS 'a word'")
    trino("ALTER TABLE t SET PROPERTIES format_version = 2, format = 'PARQUET'")
    contains(trino("SHOW CREATE TABLE t")[0][0], "COMMENT 'changed'", "COMMENT 'a word'")
with step("metadata tables"):
    equal(trino('SELECT count(*) FROM "t$files"')[0][0] > 0, True)
    equal(trino('SELECT count(*) > 3, count(DISTINCT snapshot_id) > 3 FROM "t$history"'), [(True, True)])
    contains(first(trino('SELECT key FROM "t$properties"')), "write.format.default")
with step("statistics"):
    trino("ANALYZE nations")
    stats = statistics_of(trino, "nations")
    equal((stats[None], stats["regionkey"][1:]), (25, (5, 0, "0", "4")))
with step("optimize and expire snapshots"):
    trino("ALTER TABLE t EXECUTE optimize")
    trino(f"SET SESSION {trino.catalog}.expire_snapshots_min_retention = '0s'")
    trino("ALTER TABLE t EXECUTE expire_snapshots(retention_threshold => '0s')")
    equal(len(snapshots("t")), 1)
    equal(trino("SELECT count(*) FROM t"), [(5,)])
with step("commits at the same time: each is there whole or is refused"):
    trino("CREATE TABLE busy (id integer)")

    def commit(i):
        try:
            Trino("iceberg", db)(f"INSERT INTO busy VALUES {i}")
            return [i]
        except Exception as error:
            contains(str(error), "ICEBERG_COMMIT_ERROR")
            return []

    with ThreadPoolExecutor(3) as pool:
        committed = sum(pool.map(commit, range(12)), [])
    equal(len(committed) > 0, True)
    equal(sorted(first(trino("SELECT id FROM busy"))), committed)
with step("views"):
    trino("CREATE VIEW seen AS SELECT name, regionkey FROM nations WHERE regionkey = 3")
    equal(trino("SELECT count(*) FROM seen"), [(5,)])
    trino("CREATE OR REPLACE VIEW seen AS SELECT name FROM nations")
    trino("ALTER VIEW seen RENAME TO seen_2")
    equal(trino("SELECT count(*) FROM seen_2"), [(25,)])
    contains(
        trino(f"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = '{db}'"),
        ("seen_2", "VIEW"),
        ("t", "BASE TABLE"),
    )
    trino("DROP VIEW seen_2")
with step("create a materialized view"):
    trino(
        "CREATE MATERIALIZED VIEW counts GRACE PERIOD INTERVAL '0' SECOND COMMENT 'mv' AS SELECT regionkey, count(*) AS n FROM nations GROUP BY regionkey"
    )
    equal(trino("SELECT n FROM counts WHERE regionkey = 3"), [(5,)])
    contains(trino("SHOW CREATE MATERIALIZED VIEW counts")[0][0], "count(*)")
with step("refresh a materialized view"):
    trino("REFRESH MATERIALIZED VIEW counts")
    equal(
        trino(f"SELECT freshness FROM system.metadata.materialized_views WHERE catalog_name = '{trino.catalog}' AND schema_name = '{db}'"),
        [("FRESH",)],
    )
    trino("INSERT INTO nations VALUES (100, 'NOWHERE', 3, 'none')")
    equal(trino("SELECT n FROM counts WHERE regionkey = 3"), [(6,)])
    trino("REFRESH MATERIALIZED VIEW counts")
    equal(trino("SELECT n FROM counts WHERE regionkey = 3"), [(6,)])
with step("rename and drop a materialized view"):
    trino("ALTER MATERIALIZED VIEW counts RENAME TO counts_2")
    equal(trino("SELECT sum(n) FROM counts_2"), [(26,)])
    trino("DROP MATERIALIZED VIEW counts_2")
    refused(lambda: trino("SELECT * FROM counts_2"), "does not exist")
with step("rename a table, also into another schema"):
    trino("ALTER TABLE busy RENAME TO calm")
    equal(trino("SELECT count(*) FROM calm"), [(len(committed),)])
    refused(lambda: trino("ALTER TABLE calm RENAME TO t"), "already exists")
    trino(f"CREATE SCHEMA {db}_2")
    trino(f"ALTER TABLE calm RENAME TO {db}_2.calm")
    equal(trino(f"SELECT count(*) FROM {db}_2.calm"), [(len(committed),)])
    trino(f"DROP SCHEMA {db}_2 CASCADE")
with step("list tables and columns"):
    equal(sorted(first(trino("SHOW TABLES"))), ["nations", "placed", "replaced", "t"])
    contains(
        trino(f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '{db}'"),
        ("t", "word"),
        ("nations", "name"),
    )
with step("the Hive connector knows an Iceberg table and does not read it"):
    refused(lambda: Trino("hive", db)("SELECT * FROM t"), "iceberg")
with step("unregister and register a table"):
    location = trino('SELECT "$path" FROM t LIMIT 1')[0][0].rsplit("/data/", 1)[0]
    trino(f"CALL system.unregister_table('{db}', 't')")
    refused(lambda: trino("SELECT * FROM t"), "does not exist")
    trino(f"CALL system.register_table('{db}', 't', '{location}')")
    equal(trino("SELECT count(*) FROM t"), [(5,)])
with step("drop a table: its files go"):
    trino("DROP TABLE placed")
    equal(os.path.exists(f"{SCRATCH}/{db}_placed/metadata"), False)
with step("drop the schema"):
    refused(lambda: trino(f"DROP SCHEMA {db}"), "non-empty")
    trino(f"DROP SCHEMA {db} CASCADE")
    lacks(first(trino("SHOW SCHEMAS")), db)
finish()
