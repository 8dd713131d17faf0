"""Tables that one engine makes and another reads, writes and changes: Spark, Trino and PyIceberg."""

import datetime

import pyarrow as pa

from clients import Trino, iceberg_catalog, spark_session, unique, wait_for_trino
from spark_tables import described, rows
from steps import contains, equal, finish, lacks, refused, step
from trino_tables import first, statistics_of

wait_for_trino()
db = unique("across")
spark = spark_session()
catalog = iceberg_catalog()
with step("Trino makes a database, Spark finds it"):
    Trino("hive")(f"CREATE SCHEMA {db}")
    contains(rows(spark, "SHOW DATABASES"), (db,))
spark.sql(f"USE {db}")
trino = Trino("hive", db)
ice = Trino("iceberg", db)

with step("Spark makes a database, Trino and PyIceberg use it and drop it"):
    spark.sql(f"CREATE DATABASE {db}_2 COMMENT 'of spark'")
    Trino("hive")(f"CREATE TABLE {db}_2.t AS SELECT 1 AS x")
    equal(rows(spark, f"SELECT x FROM {db}_2.t"), [(1,)])
    equal(catalog.load_namespace_properties(f"{db}_2")["comment"], "of spark")
    Trino("hive")(f"DROP SCHEMA {db}_2 CASCADE")
    lacks(rows(spark, "SHOW DATABASES"), (f"{db}_2",))
with step("PyIceberg makes a database, Trino and Spark use it"):
    catalog.create_namespace(f"{db}_3")
    Trino("hive")(f"CREATE TABLE {db}_3.t AS SELECT 1 AS x")
    equal(rows(spark, f"SELECT x FROM {db}_3.t"), [(1,)])
    spark.sql(f"DROP DATABASE {db}_3 CASCADE")
with step("Spark makes a table of every type, Trino reads it"):
    spark.sql(
        "CREATE TABLE types (bo BOOLEAN, i INT, bi BIGINT, d DOUBLE, de DECIMAL(20,4), s STRING, v VARCHAR(10), da DATE, ts TIMESTAMP,"
        " ar ARRAY<INT>, ma MAP<STRING,INT>, st STRUCT<a:INT,b:STRING>) STORED AS PARQUET"
    )
    spark.sql(
        "INSERT INTO types VALUES (true, 1, 2, 0.5, 12.3456, 'text', 'var', DATE'2024-02-29', TIMESTAMP'2024-02-29 12:34:56',"
        " array(1, 2), map('k', 3), named_struct('a', 4, 'b', 'x'))"
    )
    row = trino("SELECT bo, i, bi, d, CAST(de AS varchar), s, v, da, ar, ma, st.b FROM types")[0]
    equal(row, (True, 1, 2, 0.5, "12.3456", "text", "var", datetime.date(2024, 2, 29), [1, 2], {"k": 3}, "x"))
with step("Trino adds rows, Spark reads both"):
    trino("INSERT INTO types (i, s) VALUES (10, 'of trino')")
    spark.sql("REFRESH TABLE types")
    equal(rows(spark, "SELECT i, s FROM types ORDER BY i"), [(1, "text"), (10, "of trino")])
with step("Trino makes a table, Spark adds to it, Trino reads both"):
    trino("CREATE TABLE nations COMMENT 'of tpch' AS SELECT nationkey, name, regionkey FROM tpch.tiny.nation")
    equal(rows(spark, "SELECT count(*), max(name) FROM nations"), [(25, "VIETNAM")])
    equal(described(spark, "DESCRIBE EXTENDED nations")["Comment"], "of tpch")
    spark.sql("INSERT INTO nations VALUES (100, 'NOWHERE', 9)")
    equal(trino("SELECT name FROM nations WHERE regionkey = 9"), [("NOWHERE",)])
with step("Spark makes partitions, Trino prunes and adds more, Spark sees all"):
    spark.sql("CREATE TABLE sales (id INT, amount DOUBLE) PARTITIONED BY (region STRING, dt DATE) STORED AS ORC")
    spark.sql("INSERT INTO sales VALUES (1, 1.5, 'us west/1', DATE'2024-01-01'), (2, 2.5, 'eu', DATE'2024-01-02')")
    equal(trino("SELECT id FROM sales WHERE region = 'us west/1' AND dt < DATE '2024-01-02'"), [(1,)])
    trino("INSERT INTO sales VALUES (3, 3.5, 'a=b', DATE '2024-01-03'), (4, 4.5, 'eu', DATE '2024-01-02')")
    spark.sql("REFRESH TABLE sales")
    equal(rows(spark, "SELECT id FROM sales WHERE dt >= DATE'2024-01-02' ORDER BY id"), [(2,), (3,), (4,)])
    equal(rows(spark, "SELECT id FROM sales WHERE region = 'a=b'"), [(3,)])
    equal(trino('SELECT count(*) FROM "sales$partitions"'), [(3,)])
with step("Spark adds and drops partitions, Trino follows"):
    spark.sql("ALTER TABLE sales ADD PARTITION (region = 'ap', dt = '2024-01-05')")
    spark.sql("ALTER TABLE sales DROP PARTITION (region = 'us west/1', dt = '2024-01-01')")
    equal(sorted(first(trino('SELECT region FROM "sales$partitions"'))), ["a=b", "ap", "eu"])
with step("Trino deletes a partition, Spark follows"):
    trino("DELETE FROM sales WHERE region = 'ap'")
    equal(len(rows(spark, "SHOW PARTITIONS sales")), 2)
with step("Spark adds a column, Trino writes it, Spark reads it"):
    spark.sql("ALTER TABLE nations ADD COLUMNS (note STRING)")
    trino("INSERT INTO nations VALUES (101, 'ELSEWHERE', 9, 'noted')")
    spark.sql("REFRESH TABLE nations")
    equal(rows(spark, "SELECT note FROM nations WHERE nationkey = 101"), [("noted",)])
with step("Trino's statistics are Spark's row count"):
    trino("CREATE TABLE counted AS SELECT * FROM tpch.tiny.nation")
    contains(described(spark, "DESCRIBE EXTENDED counted")["Statistics"], "25 rows")
with step("a table with Trino's statistics survives Spark's changes to it"):
    spark.sql("ALTER TABLE counted SET TBLPROPERTIES ('note' = 'x')")
    stats = statistics_of(trino, "counted")
    equal((stats[None], stats["regionkey"][1:]), (25, (5, 0, "0", "4")))
with step("a rename in one engine is a rename in the other"):
    spark.sql("ALTER TABLE counted RENAME TO counted_2")
    equal(statistics_of(trino, "counted_2")["regionkey"][1:], (5, 0, "0", "4"))
    trino("ALTER TABLE counted_2 RENAME TO counted_3")
    equal(rows(spark, "SELECT count(*) FROM counted_3"), [(25,)])
    refused(lambda: spark.sql("SELECT * FROM counted_2"), "not found", "cannot be found")
with step("tables of Spark's own formats are read by Trino"):
    spark.sql("CREATE TABLE own (Id INT, Word STRING, p INT) USING parquet PARTITIONED BY (p)")
    spark.sql("INSERT INTO own VALUES (1, 'a', 1), (2, 'b', 2)")
    equal(trino("SELECT word FROM own WHERE p = 2"), [("b",)])
with step("a view of Spark's is listed by Trino, a view of Trino's by Spark"):
    spark.sql("CREATE VIEW of_spark AS SELECT name FROM nations")
    trino("CREATE VIEW of_trino AS SELECT name FROM nations")
    contains(first(trino("SHOW TABLES")), "of_spark", "of_trino", "nations")
    equal(sorted(row[1] for row in rows(spark, "SHOW VIEWS")), ["of_spark", "of_trino"])
    equal(trino("SELECT count(*) FROM of_trino"), [(27,)])
    equal(rows(spark, "SELECT count(*) FROM of_spark"), [(27,)])

with step("Spark makes an Iceberg table, Trino and PyIceberg add to it"):
    spark.sql(f"CREATE TABLE ice.{db}.events (id INT, v STRING, day DATE) USING iceberg PARTITIONED BY (day)")
    spark.sql(f"INSERT INTO ice.{db}.events VALUES (1, 'spark', DATE'2024-01-01')")
    ice("INSERT INTO events VALUES (2, 'trino', DATE '2024-01-02')")
    catalog.load_table(f"{db}.events").append(
        pa.table({"id": pa.array([3], pa.int32()), "v": ["pyiceberg"], "day": pa.array([datetime.date(2024, 1, 3)])})
    )
    everything = [(1, "spark"), (2, "trino"), (3, "pyiceberg")]
    spark.sql(f"REFRESH TABLE ice.{db}.events")
    equal(rows(spark, f"SELECT id, v FROM ice.{db}.events ORDER BY id"), everything)
    equal(ice("SELECT id, v FROM events ORDER BY id"), everything)
    equal(sorted(catalog.load_table(f"{db}.events").scan().to_arrow()["v"].to_pylist()), ["pyiceberg", "spark", "trino"])
with step("Trino changes an Iceberg table's columns, Spark and PyIceberg follow"):
    ice("ALTER TABLE events ADD COLUMN more double")
    ice("ALTER TABLE events RENAME COLUMN v TO word")
    spark.sql(f"REFRESH TABLE ice.{db}.events")
    equal(spark.table(f"ice.{db}.events").columns, ["id", "word", "day", "more"])
    equal(catalog.load_table(f"{db}.events").schema().column_names, ["id", "word", "day", "more"])
with step("every engine lists what is an Iceberg table"):
    equal([row[1] for row in rows(spark, f"SHOW TABLES IN ice.{db}")], ["events"])
    equal(catalog.list_tables(db), [(db, "events")])
    contains(first(ice("SHOW TABLES")), "events")
with step("PyIceberg renames an Iceberg table, Spark drops it, all know"):
    catalog.rename_table(f"{db}.events", f"{db}.incidents")
    equal(ice("SELECT count(*) FROM incidents"), [(3,)])
    spark.sql(f"DROP TABLE ice.{db}.incidents")
    lacks(first(ice("SHOW TABLES")), "events", "incidents")
    equal(catalog.list_tables(db), [])
with step("Spark drops the database, Trino and PyIceberg know"):
    spark.sql("USE default")
    spark.sql(f"DROP DATABASE {db} CASCADE")
    lacks(first(trino("SHOW SCHEMAS")), db)
    lacks(catalog.list_namespaces(), (db,))
spark.stop()
finish()
