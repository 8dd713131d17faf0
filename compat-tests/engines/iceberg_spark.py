"""Iceberg in Spark by its HiveCatalog, and by the session catalog beside Hive tables."""

import datetime
import os
from concurrent.futures import ThreadPoolExecutor

from clients import SCRATCH, path, spark_session, unique
from spark_tables import described, rows
from steps import contains, equal, finish, lacks, refused, step

db = unique("icespark")
spark = spark_session(
    [
        ("spark.sql.catalog.spark_catalog", "org.apache.iceberg.spark.SparkSessionCatalog"),
        ("spark.sql.catalog.spark_catalog.type", "hive"),
    ]
)


def snapshots(table):
    return [row[0] for row in rows(spark, f"SELECT snapshot_id FROM {db}.{table}.snapshots ORDER BY committed_at")]


with step("create a namespace with comment, location and properties"):
    spark.sql(f"CREATE NAMESPACE ice.{db} COMMENT 'tables' LOCATION 'file:{SCRATCH}/{db}' WITH DBPROPERTIES ('team' = 'a')")
    facts = described(spark, f"DESCRIBE NAMESPACE EXTENDED ice.{db}")
    equal((facts["Comment"], path(facts["Location"])), ("tables", f"{SCRATCH}/{db}"))
    contains(facts["Properties"], "team")
with step("list namespaces"):
    contains(rows(spark, "SHOW NAMESPACES IN ice"), (db,))
with step("create an existing namespace, drop one that is not there"):
    refused(lambda: spark.sql(f"CREATE NAMESPACE ice.{db}"), "already exists")
    refused(lambda: spark.sql("DROP NAMESPACE ice.no_such_namespace"), "not found", "cannot be found", "does not exist")
with step("change a namespace's properties"):
    spark.sql(f"ALTER NAMESPACE ice.{db} SET PROPERTIES ('team' = 'b', 'more' = 'c')")
    contains(described(spark, f"DESCRIBE NAMESPACE EXTENDED ice.{db}")["Properties"], "(team,b)", "(more,c)")
spark.sql(f"USE ice.{db}")

with step("create a partitioned table and insert"):
    spark.sql(
        "CREATE TABLE t (id INT NOT NULL COMMENT 'the id', v STRING, day DATE) USING iceberg PARTITIONED BY (days(day)) COMMENT 'first' TBLPROPERTIES ('k' = 'v')"
    )
    spark.sql("INSERT INTO t VALUES (1, 'a', DATE'2024-01-01'), (2, 'b', DATE'2024-01-02')")
    equal(rows(spark, "SELECT id, v FROM t ORDER BY id"), [(1, "a"), (2, "b")])
with step("describe the table"):
    facts = described(spark, "DESCRIBE EXTENDED t")
    equal((facts["Provider"], facts["Comment"], path(facts["Location"])), ("iceberg", "first", f"{SCRATCH}/{db}/t"))
    contains(rows(spark, "SHOW TBLPROPERTIES t"), ("k", "v"))
with step("create an existing table, read one that is not there"):
    refused(lambda: spark.sql("CREATE TABLE t (x INT) USING iceberg"), "already exists")
    refused(lambda: spark.sql("SELECT * FROM no_such_table"), "not found", "cannot be found")
with step("create and replace a table as a query's result"):
    spark.sql("CREATE TABLE made USING iceberg AS SELECT id, CAST(id % 3 AS INT) AS k FROM range(30)")
    spark.sql("CREATE OR REPLACE TABLE made USING iceberg PARTITIONED BY (k) AS SELECT id, CAST(id % 3 AS INT) AS k FROM range(60)")
    equal(rows(spark, "SELECT count(*) FROM made WHERE k = 1"), [(20,)])
with step("update, delete, merge"):
    spark.sql("UPDATE t SET v = 'c' WHERE id = 2")
    spark.sql("INSERT INTO t VALUES (3, 'd', DATE'2024-01-03')")
    spark.sql("DELETE FROM t WHERE id = 1")
    spark.sql(
        "MERGE INTO t USING (SELECT * FROM VALUES (3, 'm'), (4, 'n') AS s(id, v)) AS s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (id, v, day) VALUES (s.id, s.v, DATE'2024-01-04')"
    )
    equal(rows(spark, "SELECT id, v FROM t ORDER BY id"), [(2, "c"), (3, "m"), (4, "n")])
with step("overwrite rows"):
    spark.sql("INSERT OVERWRITE made SELECT id, 9 FROM range(2)")
    equal(rows(spark, "SELECT count(*) FROM made WHERE k = 9"), [(2,)])
with step("time travel by snapshot and by time"):
    start = snapshots("t")[0]
    equal(rows(spark, f"SELECT id FROM t VERSION AS OF {start} ORDER BY id"), [(1,), (2,)])
    refused(lambda: spark.sql("SELECT * FROM t TIMESTAMP AS OF '2001-01-01'"), "older", "snapshot")
with step("roll back to a snapshot"):
    now = snapshots("t")[-1]
    spark.sql(f"CALL ice.system.rollback_to_snapshot('{db}.t', {start})")
    equal(rows(spark, "SELECT id FROM t ORDER BY id"), [(1,), (2,)])
    spark.sql(f"CALL ice.system.set_current_snapshot('{db}.t', {now})")
    equal(rows(spark, "SELECT count(*) FROM t"), [(3,)])
with step("branches and tags"):
    spark.sql("ALTER TABLE t CREATE TAG kept")
    spark.sql("ALTER TABLE t CREATE BRANCH trial")
    spark.sql(f"INSERT INTO {db}.t.branch_trial VALUES (50, 'x', DATE'2024-01-05')")
    equal(rows(spark, "SELECT count(*) FROM t"), [(3,)])
    equal(rows(spark, f"SELECT count(*) FROM {db}.t.branch_trial"), [(4,)])
    equal(rows(spark, "SELECT count(*) FROM t VERSION AS OF 'kept'"), [(3,)])
with step("add, rename, widen and drop columns"):
    spark.sql("ALTER TABLE t ADD COLUMNS (info STRUCT<a:INT,b:STRING> COMMENT 'i', more DOUBLE)")
    spark.sql("ALTER TABLE t RENAME COLUMN v TO word")
    spark.sql("ALTER TABLE t ALTER COLUMN id TYPE BIGINT")
    spark.sql("INSERT INTO t VALUES (5000000000, 'e', DATE'2024-01-05', named_struct('a', 1, 'b', 'x'), 0.5)")
    equal(rows(spark, "SELECT id, word, info.b FROM t WHERE id > 3 ORDER BY id"), [(4, "n", None), (5000000000, "e", "x")])
    spark.sql("ALTER TABLE t DROP COLUMN more")
    equal(spark.table("t").columns, ["id", "word", "day", "info"])
with step("drop and move columns so that others take their places"):
    spark.sql("CREATE TABLE places (a INT, b STRING, c ARRAY<INT>) USING iceberg")
    spark.sql("INSERT INTO places VALUES (1, 'x', array(1))")
    spark.sql("ALTER TABLE places ALTER COLUMN c FIRST")
    spark.sql("ALTER TABLE places DROP COLUMN a")
    equal(rows(spark, "SELECT * FROM places"), [([1], "x")])
with step("add and drop fields of a struct"):
    spark.sql("ALTER TABLE t ADD COLUMN info.c DOUBLE")
    spark.sql("ALTER TABLE t DROP COLUMN info.a")
    equal(rows(spark, "SELECT info.b, info.c FROM t WHERE id = 5000000000"), [("x", None)])
with step("change the partitioning and the sort order"):
    spark.sql("ALTER TABLE t DROP PARTITION FIELD days(day)")
    spark.sql("ALTER TABLE t ADD PARTITION FIELD months(day)")
    spark.sql("ALTER TABLE t ADD PARTITION FIELD bucket(4, id)")
    spark.sql("ALTER TABLE t WRITE ORDERED BY id")
    spark.sql("INSERT INTO t SELECT 6, 'f', DATE'2024-02-01', NULL")
    equal(rows(spark, "SELECT id FROM t WHERE day >= DATE'2024-01-20'"), [(6,)])
with step("set and remove properties and comments"):
    spark.sql("ALTER TABLE t SET TBLPROPERTIES ('k' = 'w', 'l' = 'x')")
    spark.sql("ALTER TABLE t UNSET TBLPROPERTIES ('l')")
    spark.sql("COMMENT ON TABLE t IS 'changed'")
    contains(rows(spark, "SHOW TBLPROPERTIES t"), ("k", "w"))
    lacks([row[0] for row in rows(spark, "SHOW TBLPROPERTIES t")], "l")
    equal(described(spark, "DESCRIBE EXTENDED t")["Comment"], "changed")
with step("metadata tables"):
    equal(rows(spark, f"SELECT count(*) > 3 FROM {db}.t.history"), [(True,)])
    equal(rows(spark, f"SELECT count(*) > 0 FROM {db}.t.files"), [(True,)])
    contains([row[0] for row in rows(spark, f"SELECT name FROM {db}.t.refs")], "main", "kept", "trial")
with step("rewrite files and expire snapshots"):
    spark.sql(f"CALL ice.system.rewrite_data_files('{db}.made')")
    spark.sql(
        f"CALL ice.system.expire_snapshots(table => '{db}.made', older_than => TIMESTAMP '{datetime.date.today() + datetime.timedelta(days=2)} 00:00:00')"
    )
    equal(len(snapshots("made")), 1)
    equal(rows(spark, "SELECT count(*) FROM made"), [(2,)])
with step("commits at the same time: every row arrives"):
    spark.sql("CREATE TABLE busy (id INT) USING iceberg TBLPROPERTIES ('commit.retry.num-retries' = '20')")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: spark.sql(f"INSERT INTO ice.{db}.busy VALUES ({i})"), range(12)))
    equal(rows(spark, "SELECT count(*), sum(id) FROM busy"), [(12, 66)])
with step("rename a table"):
    spark.sql("ALTER TABLE busy RENAME TO calm")
    equal(rows(spark, "SELECT count(*) FROM calm"), [(12,)])
    refused(lambda: spark.sql("SELECT * FROM busy"), "not found", "cannot be found")
    refused(lambda: spark.sql("ALTER TABLE calm RENAME TO t"), "already exists")
with step("list tables: Hive's and Iceberg's are told apart"):
    spark.sql(f"CREATE TABLE spark_catalog.{db}.hive_one (x INT) STORED AS ORC")
    equal(sorted(row[1] for row in rows(spark, f"SHOW TABLES IN ice.{db}")), ["calm", "made", "places", "t"])
    equal(sorted(row[1] for row in rows(spark, f"SHOW TABLES IN spark_catalog.{db}")), ["calm", "hive_one", "made", "places", "t"])
with step("the session catalog reads both"):
    spark.sql(f"INSERT INTO spark_catalog.{db}.hive_one VALUES (2)")
    equal(rows(spark, f"SELECT t.word FROM spark_catalog.{db}.t t JOIN spark_catalog.{db}.hive_one h ON t.id = h.x"), [("c",)])
with step("migrate a Hive table to Iceberg"):
    spark.sql(f"CREATE TABLE spark_catalog.{db}.migrated (x INT, p STRING) USING parquet PARTITIONED BY (p)")
    spark.sql(f"INSERT INTO spark_catalog.{db}.migrated VALUES (1, 'a'), (2, 'b')")
    spark.sql("USE spark_catalog")
    spark.sql(f"CALL spark_catalog.system.migrate('{db}.migrated')")
    spark.sql(f"USE ice.{db}")
    equal(rows(spark, f"SELECT x FROM ice.{db}.migrated WHERE p = 'b'"), [(2,)])
with step("views in the catalog"):
    spark.sql("CREATE VIEW seen AS SELECT id, word FROM t WHERE id < 10")
    equal(rows(spark, "SELECT count(*) FROM seen"), [(4,)])
    equal([row[1] for row in rows(spark, f"SHOW VIEWS IN ice.{db}")], ["seen"])
    spark.sql("CREATE OR REPLACE VIEW seen AS SELECT id FROM t")
    equal(spark.table("seen").columns, ["id"])
    spark.sql("DROP VIEW seen")
    refused(lambda: spark.sql("SELECT * FROM seen"), "not found", "cannot be found")
with step("register a table by its metadata file"):
    file = rows(spark, f"SELECT file FROM {db}.made.metadata_log_entries ORDER BY timestamp DESC")[0][0]
    spark.sql(f"CALL ice.system.register_table('{db}.registered', '{file}')")
    equal(rows(spark, "SELECT count(*) FROM registered"), [(2,)])
with step("drop a table: its files stay; with purge they go"):
    spark.sql("DROP TABLE registered")
    equal(os.path.isdir(f"{SCRATCH}/{db}/made/data"), True)
    data = [os.path.join(at, name) for at, _, names in os.walk(f"{SCRATCH}/{db}/busy") for name in names if name.endswith(".parquet")]
    equal(len(data) > 0, True)
    spark.sql("DROP TABLE calm PURGE")
    equal([name for name in data if os.path.exists(name)], [])
with step("drop a namespace that is not empty, then an empty one"):
    refused(lambda: spark.sql(f"DROP NAMESPACE ice.{db}"), "not empty")
    for table in ("t", "made", "migrated", "places"):
        spark.sql(f"DROP TABLE {table}")
    for table in ("hive_one", "migrated_BACKUP_"):
        spark.sql(f"DROP TABLE IF EXISTS spark_catalog.{db}.{table}")
    spark.sql(f"DROP NAMESPACE ice.{db}")
    lacks(rows(spark, "SHOW NAMESPACES IN ice"), (db,))
spark.stop()
finish()
