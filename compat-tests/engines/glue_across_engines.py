"""Tables that Spark works on over Thrift, Trino over Glue and PyIceberg and boto3 over Glue, in turns."""

import datetime

import pyarrow as pa

from clients import Trino, glue, iceberg_catalog, spark_session, unique, wait_for_trino
from spark_tables import described, rows
from steps import answers, contains, equal, finish, lacks, step
from trino_tables import first, statistics_of

wait_for_trino()
db = unique("world")
spark = spark_session()
catalog = iceberg_catalog()
client = glue()


def of_glue(name):
    return client.get_table(DatabaseName=db, Name=name)["Table"]


with step("Spark makes a database, Trino, PyIceberg and boto3 find it"):
    spark.sql(f"CREATE DATABASE {db} COMMENT 'of spark' WITH DBPROPERTIES ('team' = 'a')")
    contains(first(Trino("hive")("SHOW SCHEMAS")), db)
    contains(catalog.list_namespaces(), (db,))
    found = client.get_database(Name=db)["Database"]
    equal((found["Description"], found["Parameters"]["team"]), ("of spark", "a"))
spark.sql(f"USE {db}")
trino = Trino("hive", db)
ice = Trino("iceberg", db)
with step("Trino makes a database, Spark uses it; PyIceberg drops it"):
    Trino("hive")(f"CREATE SCHEMA {db}_2")
    spark.sql(f"CREATE TABLE {db}_2.t AS SELECT 1 AS x")
    equal(Trino("hive")(f"SELECT x FROM {db}_2.t"), [(1,)])
    spark.sql(f"DROP TABLE {db}_2.t")
    catalog.drop_namespace(f"{db}_2")
    lacks(rows(spark, "SHOW DATABASES"), (f"{db}_2",))

with step("Spark makes an Iceberg table, Trino adds to it, PyIceberg reads and adds, Spark reads all"):
    spark.sql(f"CREATE TABLE ice.{db}.events (id INT, v STRING, day DATE) USING iceberg PARTITIONED BY (day)")
    spark.sql(f"INSERT INTO ice.{db}.events VALUES (1, 'spark', DATE'2024-01-01')")
    ice("INSERT INTO events VALUES (2, 'trino', DATE '2024-01-02')")
    table = catalog.load_table(f"{db}.events")
    equal(sorted(table.scan().to_arrow()["v"].to_pylist()), ["spark", "trino"])
    table.append(pa.table({"id": pa.array([3], pa.int32()), "v": ["pyiceberg"], "day": pa.array([datetime.date(2024, 1, 3)])}))
    spark.sql(f"REFRESH TABLE ice.{db}.events")
    equal(rows(spark, f"SELECT id, v FROM ice.{db}.events ORDER BY id"), [(1, "spark"), (2, "trino"), (3, "pyiceberg")])
    equal(ice("SELECT count(*) FROM events"), [(3,)])
with step("each of their commits is a version of the table"):
    versions = client.get_table_versions(DatabaseName=db, TableName="events")["TableVersions"]
    locations = [version["Table"]["Parameters"]["metadata_location"] for version in versions]
    equal(len(locations), len(set(locations)))
    equal(of_glue("events")["Parameters"]["metadata_location"], catalog.load_table(f"{db}.events").metadata_location)
    contains(of_glue("events")["Parameters"], "table_type", "previous_metadata_location")
with step("Trino changes columns, Spark and PyIceberg follow"):
    ice("ALTER TABLE events ADD COLUMN more double")
    ice("ALTER TABLE events RENAME COLUMN v TO word")
    spark.sql(f"REFRESH TABLE ice.{db}.events")
    equal(spark.table(f"ice.{db}.events").columns, ["id", "word", "day", "more"])
    equal(catalog.load_table(f"{db}.events").schema().column_names, ["id", "word", "day", "more"])
with step("Spark's commit makes PyIceberg's older table outdated, and no commit is lost"):
    stale = catalog.load_table(f"{db}.events")
    spark.sql(f"INSERT INTO ice.{db}.events VALUES (4, 'spark', DATE'2024-01-04', 0.5)")
    expected = [1, 2, 3, 4]
    try:
        stale.append(pa.table({"id": pa.array([5], pa.int32()), "day": pa.array([datetime.date(2024, 1, 5)])}))
        expected.append(5)
    except Exception as error:
        contains(type(error).__name__, "CommitFailed")
    equal(sorted(first(ice("SELECT id FROM events"))), expected)
with step("PyIceberg makes an Iceberg table, Trino and Spark add to it"):
    catalog.create_table(f"{db}.made", pa.schema([("id", pa.int32())]))
    ice("INSERT INTO made VALUES 1")
    spark.sql(f"INSERT INTO ice.{db}.made VALUES (2)")
    equal(sorted(catalog.load_table(f"{db}.made").scan().to_arrow()["id"].to_pylist()), [1, 2])
with step("PyIceberg renames a table, Spark drops it, Trino knows"):
    catalog.rename_table(f"{db}.made", f"{db}.renamed")
    equal(ice("SELECT count(*) FROM renamed"), [(2,)])
    spark.sql(f"DROP TABLE ice.{db}.renamed")
    lacks(first(ice("SHOW TABLES")), "made", "renamed")

with step("Spark makes a table of Parquet files in partitions, Trino prunes and adds more, Spark sees all"):
    spark.sql("CREATE TABLE sales (id INT, amount DOUBLE) PARTITIONED BY (region STRING, dt DATE) STORED AS PARQUET")
    spark.sql("INSERT INTO sales VALUES (1, 1.5, 'us west/1', DATE'2024-01-01'), (2, 2.5, 'eu', DATE'2024-01-02')")
    equal(trino("SELECT id FROM sales WHERE region = 'us west/1' AND dt < DATE '2024-01-02'"), [(1,)])
    trino("INSERT INTO sales VALUES (3, 3.5, 'a=b', DATE '2024-01-03'), (4, 4.5, 'eu', DATE '2024-01-02')")
    spark.sql("REFRESH TABLE sales")
    equal(rows(spark, "SELECT id FROM sales WHERE dt >= DATE'2024-01-02' ORDER BY id"), [(2,), (3,), (4,)])
    equal(rows(spark, "SELECT id FROM sales WHERE region = 'a=b'"), [(3,)])
with step("Spark adds and drops partitions, Trino and boto3 follow"):
    spark.sql("ALTER TABLE sales ADD PARTITION (region = 'ap', dt = '2024-01-05')")
    spark.sql("ALTER TABLE sales DROP PARTITION (region = 'us west/1', dt = '2024-01-01')")
    equal(sorted(first(trino('SELECT region FROM "sales$partitions"'))), ["a=b", "ap", "eu"])
    found = client.get_partitions(DatabaseName=db, TableName="sales", Expression="dt > '2024-01-02' AND region <> 'eu'")["Partitions"]
    equal(sorted(partition["Values"] for partition in found), [["a=b", "2024-01-03"], ["ap", "2024-01-05"]])
with step("Trino deletes a partition, boto3 adds one, Spark follows"):
    trino("DELETE FROM sales WHERE region = 'ap'")
    storage = client.get_partition(DatabaseName=db, TableName="sales", PartitionValues=["eu", "2024-01-02"])["Partition"][
        "StorageDescriptor"
    ]
    client.create_partition(
        DatabaseName=db, TableName="sales", PartitionInput={"Values": ["copy", "2024-01-02"], "StorageDescriptor": storage}
    )
    spark.sql("REFRESH TABLE sales")
    equal(rows(spark, "SELECT id FROM sales WHERE region = 'copy' ORDER BY id"), [(2,), (4,)])
    equal(len(rows(spark, "SHOW PARTITIONS sales")), 3)
with step("Spark adds a column, Trino writes it, Spark reads it"):
    spark.sql("ALTER TABLE sales ADD COLUMNS (note STRING)")
    trino("INSERT INTO sales (id, note, region, dt) VALUES (5, 'noted', 'new', DATE '2024-01-06')")
    spark.sql("REFRESH TABLE sales")
    equal(rows(spark, "SELECT note FROM sales WHERE region = 'new'"), [("noted",)])
    equal([column["Name"] for column in of_glue("sales")["StorageDescriptor"]["Columns"]], ["id", "amount", "note"])
with step("Trino's statistics are Spark's row count and boto3's column statistics"):
    trino("CREATE TABLE counted AS SELECT * FROM tpch.tiny.nation")
    contains(described(spark, "DESCRIBE EXTENDED counted")["Statistics"], "25 rows")
    found = client.get_column_statistics_for_table(DatabaseName=db, TableName="counted", ColumnNames=["regionkey"])
    data = found["ColumnStatisticsList"][0]["StatisticsData"]["LongColumnStatisticsData"]
    equal((data["NumberOfDistinctValues"], data["MaximumValue"]), (5, 4))
with step("statistics and comments survive another's changes"):
    spark.sql("ALTER TABLE counted SET TBLPROPERTIES ('note' = 'x')")
    spark.sql("COMMENT ON TABLE counted IS 'of both'")
    stats = statistics_of(trino, "counted")
    equal((stats[None], stats["regionkey"][1:]), (25, (5, 0, "0", "4")))
    contains(trino("SHOW CREATE TABLE counted")[0][0], "COMMENT 'of both'")
with step("a rename of Spark's is a rename for Trino"):
    spark.sql("ALTER TABLE counted RENAME TO counted_2")
    equal(statistics_of(trino, "counted_2")["regionkey"][1:], (5, 0, "0", "4"))
    answers("EntityNotFoundException", lambda: of_glue("counted"))
with step("a change of boto3's is seen by Spark and Trino, also one that names the version it knows"):
    known = of_glue("counted_2")
    changed = {key: known[key] for key in ("Name", "StorageDescriptor", "PartitionKeys", "TableType")}
    parameters = {key: value for key, value in known["Parameters"].items() if key != "comment"}
    changed |= {"Description": "of boto3", "Parameters": parameters}
    client.update_table(DatabaseName=db, TableInput=changed, VersionId=known["VersionId"])
    equal(described(spark, "DESCRIBE EXTENDED counted_2")["Comment"], "of boto3")
    spark.sql("ALTER TABLE counted_2 SET TBLPROPERTIES ('note' = 'y')")
    stale = {"DatabaseName": db, "TableInput": changed, "VersionId": known["VersionId"]}
    answers("ConcurrentModificationException", lambda: client.update_table(**stale))
with step("a view of Trino's is listed by Spark, one of Spark's by Trino"):
    trino("CREATE VIEW of_trino AS SELECT id FROM sales")
    spark.sql("CREATE VIEW of_spark AS SELECT id FROM sales")
    contains([row[1] for row in rows(spark, "SHOW VIEWS")], "of_trino", "of_spark")
    contains(first(trino("SHOW TABLES")), "of_trino", "of_spark")
with step("Spark drops the database, all know"):
    spark.sql("USE default")
    spark.sql(f"DROP DATABASE {db} CASCADE")
    lacks(first(Trino("hive")("SHOW SCHEMAS")), db)
    answers("EntityNotFoundException", lambda: client.get_database(Name=db))
spark.stop()
finish()
