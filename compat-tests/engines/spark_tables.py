"""Spark: databases, tables, columns, statistics, views and functions."""

import datetime
import decimal
import os

from clients import SCRATCH, path, unique
from steps import contains, equal, lacks, refused, step


def run(spark):
    db = unique("spark")
    databases(spark, db)
    spark.sql(f"USE {db}")
    kinds_of_tables(spark, db)
    listing(spark, db)
    alter(spark, db)
    contents(spark, db)
    statistics(spark)
    views(spark, db)
    functions(spark, db)
    drops(spark, db)


def rows(spark, query):
    return [tuple(row) for row in spark.sql(query).collect()]


def described(spark, statement):
    """DESCRIBE's answer as name to value; the first of a name counts."""
    facts = {}
    for row in rows(spark, statement):
        facts.setdefault(row[0].strip(), row[1])
    return facts


def databases(spark, db):
    place = f"{SCRATCH}/{db}_place"

    with step("create a database with comment, location and properties"):
        spark.sql(
            f"CREATE DATABASE {db} COMMENT 'Sales, déjà vu' LOCATION 'file:{place}' WITH DBPROPERTIES ('owner_team' = 'sales', 'n' = '1')"
        )
    with step("describe the database"):
        facts = described(spark, f"DESCRIBE DATABASE EXTENDED {db}")
        equal(facts["Namespace Name"], db)
        equal(facts["Comment"], "Sales, déjà vu")
        equal(path(facts["Location"]), place)
        contains(facts["Properties"], "(owner_team,sales)", "(n,1)")
    with step("a database's name has no case"):
        equal(described(spark, f"DESCRIBE DATABASE {db.upper()}")["Namespace Name"].lower(), db)
    with step("create an existing database"):
        refused(lambda: spark.sql(f"CREATE DATABASE {db}"), "already exists")
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {db} COMMENT 'other'")
        equal(described(spark, f"DESCRIBE DATABASE {db}")["Comment"], "Sales, déjà vu")
    with step("change a database's properties"):
        spark.sql(f"ALTER DATABASE {db} SET DBPROPERTIES ('n' = '2', 'more' = 'x')")
        contains(described(spark, f"DESCRIBE DATABASE EXTENDED {db}")["Properties"], "(owner_team,sales)", "(n,2)", "(more,x)")
    with step("change a database's comment"):
        spark.sql(f"COMMENT ON DATABASE {db} IS 'changed'")
        equal(described(spark, f"DESCRIBE DATABASE {db}")["Comment"], "changed")
    with step("change a database's location"):
        spark.sql(f"ALTER DATABASE {db} SET LOCATION 'file:{place}_2'")
        equal(path(described(spark, f"DESCRIBE DATABASE {db}")["Location"]), f"{place}_2")
    with step("list databases"):
        contains(rows(spark, "SHOW DATABASES"), (db,), ("default",))
    with step("list databases by pattern"):
        equal(rows(spark, f"SHOW DATABASES LIKE '{db[:-3]}*'"), [(db,)])
        equal(rows(spark, "SHOW DATABASES LIKE 'no_such_database*'"), [])
    with step("use an unknown database"):
        refused(lambda: spark.sql("USE no_such_database"), "not found", "cannot be found")
    with step("drop an unknown database"):
        refused(lambda: spark.sql("DROP DATABASE no_such_database"), "not found", "cannot be found")
        spark.sql("DROP DATABASE IF EXISTS no_such_database")


def kinds_of_tables(spark, db):
    with step("create a text table with comments and properties"):
        spark.sql(
            "CREATE TABLE plain (id INT COMMENT 'the id', name STRING COMMENT 'наименование') COMMENT 'first'"
            " ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' STORED AS TEXTFILE TBLPROPERTIES ('team' = 'a')"
        )
        spark.sql("INSERT INTO plain VALUES (1, 'one'), (2, NULL)")
        equal(sorted(rows(spark, "SELECT * FROM plain")), [(1, "one"), (2, None)])
    with step("describe the table"):
        facts = described(spark, "DESCRIBE EXTENDED plain")
        equal(facts["id"], "int")
        equal((facts["Type"], facts["Provider"], facts["Comment"]), ("MANAGED", "hive", "first"))
        contains(facts["Storage Properties"], "field.delim=|")
        contains(facts["Serde Library"], "LazySimpleSerDe")
        equal([row[2] for row in rows(spark, "DESCRIBE plain")], ["the id", "наименование"])
    with step("a managed table lies in its database's folder"):
        location = described(spark, "DESCRIBE EXTENDED plain")["Location"]
        parent = described(spark, f"DESCRIBE DATABASE {db}")["Location"]
        equal(path(location), f"{path(parent)}/plain")
        equal(os.path.isdir(path(location)), True)
    for fmt in ("ORC", "PARQUET", "SEQUENCEFILE", "RCFILE"):
        with step(f"a Hive table stored as {fmt}"):
            spark.sql(f"CREATE TABLE as_{fmt} (id BIGINT, name STRING) STORED AS {fmt}")
            spark.sql(f"INSERT INTO as_{fmt} VALUES (1, 'a'), (2, 'b')")
            equal(rows(spark, f"SELECT sum(id), max(name) FROM as_{fmt}"), [(3, "b")])
    for source in ("parquet", "orc", "json", "csv"):
        with step(f"a table using {source}"):
            spark.sql(f"CREATE TABLE use_{source} (Id BIGINT, mixedCase STRING) USING {source} OPTIONS ('x' = 'y')")
            spark.sql(f"INSERT INTO use_{source} VALUES (1, 'a'), (2, 'b')")
            equal(rows(spark, f"SELECT sum(id), max(mixedcase) FROM use_{source}"), [(3, "b")])
            equal(spark.table(f"use_{source}").columns, ["Id", "mixedCase"])
            equal(described(spark, f"DESCRIBE EXTENDED use_{source}")["Provider"], source)
    with step("an external table and its files"):
        place = f"{SCRATCH}/{db}_external"
        spark.sql(f"CREATE TABLE outside (id INT) STORED AS PARQUET LOCATION 'file:{place}'")
        spark.sql("INSERT INTO outside VALUES (1), (2)")
        equal(described(spark, "DESCRIBE EXTENDED outside")["Type"], "EXTERNAL")
        spark.sql("DROP TABLE outside")
        equal(any(name.startswith("part-") for name in os.listdir(place)), True)
        spark.sql(f"CREATE EXTERNAL TABLE outside (id INT) STORED AS PARQUET LOCATION 'file:{place}'")
        equal(rows(spark, "SELECT count(*) FROM outside"), [(2,)])
    with step("a table of every type"):
        spark.sql(
            "CREATE TABLE every_type (bo BOOLEAN, ti TINYINT, sm SMALLINT, i INT, bi BIGINT, f FLOAT, d DOUBLE, de DECIMAL(38,10),"
            " s STRING, c CHAR(5), v VARCHAR(10), by BINARY, da DATE, ts TIMESTAMP, ar ARRAY<INT>, ma MAP<STRING,ARRAY<DOUBLE>>,"
            " st STRUCT<a:INT,b:STRUCT<c:STRING,d:ARRAY<STRUCT<e:DATE>>>>) STORED AS ORC"
        )
        spark.sql(
            "INSERT INTO every_type SELECT true, 1Y, 2S, 3, 4L, CAST(1.5 AS FLOAT), 2.5D, CAST('12345678901234567890.0123456789' AS DECIMAL(38,10)),"
            " 'text', 'ch', 'var', X'00FF', DATE'2024-02-29', TIMESTAMP'2024-02-29 12:34:56.123456', array(1, NULL), map('k', array(1.0D)),"
            " named_struct('a', 1, 'b', named_struct('c', 'x', 'd', array(named_struct('e', DATE'2024-01-01'))))"
        )
        spark.sql(f"INSERT INTO every_type VALUES ({', '.join(['NULL'] * 17)})")
        row = [row for row in rows(spark, "SELECT * FROM every_type") if row[0]][0]
        equal(row[:11], (True, 1, 2, 3, 4, 1.5, 2.5, decimal.Decimal("12345678901234567890.0123456789"), "text", "ch   ", "var"))
        equal(bytes(row[11]), b"\x00\xff")
        equal(row[12:14], (datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56, 123456)))
        equal(row[16]["b"]["d"][0]["e"], datetime.date(2024, 1, 1))
        equal(described(spark, "DESCRIBE every_type")["st"], "struct<a:int,b:struct<c:string,d:array<struct<e:date>>>>")
    with step("create a table as a query's result"):
        spark.sql("CREATE TABLE made STORED AS PARQUET TBLPROPERTIES ('k' = 'v') AS SELECT id, upper(name) AS name FROM plain")
        equal(sorted(rows(spark, "SELECT id, name FROM made")), [(1, "ONE"), (2, None)])
    with step("create a table like another"):
        spark.sql("CREATE TABLE alike LIKE plain")
        equal(rows(spark, "SELECT * FROM alike"), [])
        equal(spark.table("alike").columns, ["id", "name"])
    with step("a bucketed and sorted table"):
        spark.sql("CREATE TABLE bucketed (id INT, name STRING) USING parquet CLUSTERED BY (id) SORTED BY (name) INTO 4 BUCKETS")
        spark.sql("INSERT INTO bucketed SELECT id, CAST(id AS STRING) FROM range(20)")
        facts = described(spark, "DESCRIBE EXTENDED bucketed")
        equal((facts["Num Buckets"], facts["Bucket Columns"], facts["Sort Columns"]), ("4", "[`id`]", "[`name`]"))
        equal(rows(spark, "SELECT count(*) FROM bucketed"), [(20,)])
    with step("a bucketed Hive table keeps its buckets"):
        spark.sql("CREATE TABLE hive_bucketed (id INT, name STRING) CLUSTERED BY (id) SORTED BY (name ASC) INTO 8 BUCKETS STORED AS ORC")
        facts = described(spark, "DESCRIBE EXTENDED hive_bucketed")
        equal((facts["Num Buckets"], facts["Bucket Columns"], facts["Sort Columns"]), ("8", "[`id`]", "[`name`]"))
    with step("a table of 600 columns"):
        columns = ", ".join(f"a_rather_long_column_name_{i} STRUCT<x:INT,y:ARRAY<STRING>> COMMENT 'column {i}'" for i in range(600))
        spark.sql(f"CREATE TABLE wide ({columns}) USING parquet")
        equal(len(spark.table("wide").columns), 600)
    with step("table and column names that need quoting"):
        spark.sql("CREATE TABLE `select` (`order` INT, `a b` STRING, `ü` INT) USING parquet")
        spark.sql("INSERT INTO `select` VALUES (1, 'x', 2)")
        equal(rows(spark, "SELECT `order`, `a b`, `ü` FROM `select`"), [(1, "x", 2)])
    with step("create an existing table"):
        refused(lambda: spark.sql("CREATE TABLE plain (id INT) STORED AS ORC"), "already exists")
        spark.sql("CREATE TABLE IF NOT EXISTS plain (other INT) STORED AS ORC")
        equal(spark.table("plain").columns, ["id", "name"])
    with step("create a table in an unknown database"):
        refused(lambda: spark.sql("CREATE TABLE no_such_database.t (id INT) STORED AS ORC"), "not found", "cannot be found")
    with step("read and drop an unknown table"):
        refused(lambda: spark.sql("SELECT * FROM no_such_table"), "not found", "cannot be found")
        refused(lambda: spark.sql("DROP TABLE no_such_table"), "not found", "cannot be found")
        spark.sql("DROP TABLE IF EXISTS no_such_table")


def listing(spark, db):
    with step("list tables"):
        contains([row[1] for row in rows(spark, "SHOW TABLES")], "plain", "bucketed", "outside", "select")
    with step("list tables by pattern"):
        equal(sorted(row[1] for row in rows(spark, "SHOW TABLES LIKE 'use_*'")), ["use_csv", "use_json", "use_orc", "use_parquet"])
        equal(sorted(row[1] for row in rows(spark, "SHOW TABLES LIKE 'plain|made'")), ["made", "plain"])
        equal(rows(spark, "SHOW TABLES LIKE 'nothing*'"), [])
    with step("show tables with their details"):
        details = rows(spark, "SHOW TABLE EXTENDED LIKE 'use_*'")
        equal(len(details), 4)
        contains(details[0][3], f"Database: {db}", "Type: MANAGED")
    with step("show a table's properties"):
        contains(rows(spark, "SHOW TBLPROPERTIES plain"), ("team", "a"))
        equal(rows(spark, "SHOW TBLPROPERTIES plain ('team')"), [("team", "a")])
    with step("show the statement that makes a table"):
        contains(rows(spark, "SHOW CREATE TABLE bucketed")[0][0], "CLUSTERED BY (id)", "INTO 4 BUCKETS")
    with step("show columns"):
        equal(rows(spark, "SHOW COLUMNS IN made"), [("id",), ("name",)])
    with step("ask the catalog's API"):
        equal(spark.catalog.tableExists(f"{db}.plain"), True)
        equal(spark.catalog.tableExists(f"{db}.nothing"), False)
        equal(spark.catalog.databaseExists(db), True)
        contains([table.name for table in spark.catalog.listTables(db)], "plain", "every_type")
        equal([column.name for column in spark.catalog.listColumns(f"{db}.plain")], ["id", "name"])


def alter(spark, db):
    with step("set and remove table properties"):
        spark.sql("ALTER TABLE plain SET TBLPROPERTIES ('team' = 'b', 'note' = 'a=b;c, \"d\"')")
        contains(rows(spark, "SHOW TBLPROPERTIES plain"), ("team", "b"), ("note", 'a=b;c, "d"'))
        spark.sql("ALTER TABLE plain UNSET TBLPROPERTIES ('note')")
        lacks([row[0] for row in rows(spark, "SHOW TBLPROPERTIES plain")], "note")
        spark.sql("ALTER TABLE plain UNSET TBLPROPERTIES IF EXISTS ('note', 'never')")
    with step("a table property of 3,000 characters"):
        spark.sql(f"ALTER TABLE plain SET TBLPROPERTIES ('long' = '{'x' * 3000}')")
        equal(rows(spark, "SHOW TBLPROPERTIES plain ('long')"), [("long", "x" * 3000)])
    with step("set SerDe properties"):
        spark.sql("ALTER TABLE plain SET SERDEPROPERTIES ('escape.delim' = '!')")
        contains(described(spark, "DESCRIBE EXTENDED plain")["Storage Properties"], "escape.delim=!", "field.delim=|")
    with step("change the SerDe"):
        spark.sql("CREATE TABLE reserded (a STRING) STORED AS TEXTFILE")
        spark.sql(
            "ALTER TABLE reserded SET SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' WITH SERDEPROPERTIES ('separatorChar' = ';')"
        )
        contains(described(spark, "DESCRIBE EXTENDED reserded")["Serde Library"], "OpenCSVSerde")
    with step("add columns"):
        spark.sql("ALTER TABLE made ADD COLUMNS (score DOUBLE COMMENT 'added', tags ARRAY<STRING>)")
        spark.sql("INSERT INTO made VALUES (3, 'THREE', 0.5, array('t'))")
        equal(sorted(rows(spark, "SELECT id, score, tags FROM made")), [(1, None, None), (2, None, None), (3, 0.5, ["t"])])
    with step("add columns to a table using parquet"):
        spark.sql("ALTER TABLE use_parquet ADD COLUMNS (addedLater INT)")
        equal(spark.table("use_parquet").columns, ["Id", "mixedCase", "addedLater"])
        equal(rows(spark, "SELECT count(*), count(addedLater) FROM use_parquet"), [(2, 0)])
    with step("add a column that is there"):
        refused(lambda: spark.sql("ALTER TABLE made ADD COLUMNS (ID INT)"), "duplicate", "already exist")
    with step("change a column's comment"):
        spark.sql("ALTER TABLE made CHANGE COLUMN score score DOUBLE COMMENT 'changed'")
        equal([row[2] for row in rows(spark, "DESCRIBE made") if row[0] == "score"], ["changed"])
    with step("change a table's comment"):
        spark.sql("COMMENT ON TABLE made IS 'what was made'")
        equal(described(spark, "DESCRIBE EXTENDED made")["Comment"], "what was made")
    with step("change a table's location"):
        place = f"{SCRATCH}/{db}_moved"
        os.makedirs(place)
        spark.sql("CREATE TABLE moving (id INT) STORED AS TEXTFILE")
        spark.sql("INSERT INTO moving VALUES (1)")
        spark.sql(f"ALTER TABLE moving SET LOCATION 'file:{place}'")
        equal(path(described(spark, "DESCRIBE EXTENDED moving")["Location"]), place)
        equal(rows(spark, "SELECT count(*) FROM moving"), [(0,)])
        spark.sql("INSERT INTO moving VALUES (7)")
        equal(rows(spark, "SELECT * FROM moving"), [(7,)])
    with step("rename a managed table: its folder goes along"):
        spark.sql("CREATE TABLE before_rename STORED AS ORC AS SELECT 1 AS id")
        spark.sql("ALTER TABLE before_rename RENAME TO after_rename")
        equal(rows(spark, "SELECT id FROM after_rename"), [(1,)])
        contains(described(spark, "DESCRIBE EXTENDED after_rename")["Location"], "/after_rename")
        refused(lambda: spark.sql("SELECT * FROM before_rename"), "not found", "cannot be found")
    with step("rename a table using parquet"):
        spark.sql("ALTER TABLE use_orc RENAME TO used_orc")
        equal(rows(spark, "SELECT count(*) FROM used_orc"), [(2,)])
    with step("rename an external table: its folder stays"):
        spark.sql("ALTER TABLE outside RENAME TO outside_2")
        contains(described(spark, "DESCRIBE EXTENDED outside_2")["Location"], f"{db}_external")
        equal(rows(spark, "SELECT count(*) FROM outside_2"), [(2,)])
    with step("rename a table to a name that is taken"):
        refused(lambda: spark.sql("ALTER TABLE after_rename RENAME TO plain"), "already exists")
        equal(rows(spark, "SELECT id FROM after_rename"), [(1,)])
    with step("rename a table that is not there"):
        refused(lambda: spark.sql("ALTER TABLE no_such_table RENAME TO x"), "not found", "cannot be found")


def contents(spark, db):
    with step("insert, then overwrite"):
        spark.sql("CREATE TABLE filled (id INT, v STRING) STORED AS ORC")
        spark.sql("INSERT INTO filled SELECT id, 'x' FROM range(10)")
        spark.sql("INSERT INTO filled VALUES (10, 'y')")
        equal(rows(spark, "SELECT count(*) FROM filled"), [(11,)])
        spark.sql("INSERT OVERWRITE TABLE filled VALUES (1, 'z')")
        equal(rows(spark, "SELECT * FROM filled"), [(1, "z")])
    with step("insert by column names"):
        spark.sql("INSERT INTO filled (v, id) VALUES ('w', 2)")
        equal(sorted(rows(spark, "SELECT * FROM filled")), [(1, "z"), (2, "w")])
    with step("write and append by DataFrames"):
        spark.range(5).write.mode("overwrite").format("parquet").saveAsTable("framed")
        spark.range(5, 8).write.mode("append").saveAsTable("framed")
        equal(rows(spark, "SELECT count(*), max(id) FROM framed"), [(8, 7)])
        spark.range(3).write.insertInto("framed", overwrite=True)
        equal(rows(spark, "SELECT count(*) FROM framed"), [(3,)])
    with step("replace a table by a DataFrame of another schema"):
        spark.sql("SELECT 'a' AS letter, 1 AS number").write.mode("overwrite").format("parquet").saveAsTable("framed")
        equal(rows(spark, "SELECT * FROM framed"), [("a", 1)])
    with step("cache, refresh and uncache a table"):
        spark.sql("CACHE TABLE filled")
        equal(rows(spark, "SELECT count(*) FROM filled"), [(2,)])
        spark.sql("REFRESH TABLE filled")
        spark.sql("UNCACHE TABLE filled")
        equal(rows(spark, "SELECT count(*) FROM filled"), [(2,)])
    with step("truncate a table"):
        spark.sql("TRUNCATE TABLE filled")
        equal(rows(spark, "SELECT count(*) FROM filled"), [(0,)])
        refused(lambda: spark.sql("TRUNCATE TABLE outside_2"), "external")
    with step("join tables of two databases"):
        other = unique("spark_other")
        spark.sql(f"CREATE DATABASE {other}")
        spark.sql(f"CREATE TABLE {other}.names STORED AS PARQUET AS SELECT 1 AS id, 'uno' AS spanish")
        equal(rows(spark, f"SELECT p.name, n.spanish FROM {db}.plain p JOIN {other}.names n ON p.id = n.id"), [("one", "uno")])
        refused(lambda: spark.sql(f"DROP DATABASE {other}"), "not empty", "cannot drop")
        spark.sql(f"DROP DATABASE {other} CASCADE")
        lacks(rows(spark, "SHOW DATABASES"), (other,))


def statistics(spark):
    with step("compute a table's size and rows"):
        spark.sql("ANALYZE TABLE every_type COMPUTE STATISTICS")
        contains(described(spark, "DESCRIBE EXTENDED every_type")["Statistics"], "bytes", "2 rows")
    with step("compute a table's size without reading it"):
        spark.sql("ANALYZE TABLE made COMPUTE STATISTICS NOSCAN")
        contains(described(spark, "DESCRIBE EXTENDED made")["Statistics"], "bytes")
    with step("compute statistics of columns of every type"):
        columns = "bo, ti, sm, i, bi, f, d, de, s, c, v, by, da, ts"
        spark.sql(f"ANALYZE TABLE every_type COMPUTE STATISTICS FOR COLUMNS {columns}")
    for column, low in (("i", "3"), ("de", "12345678901234567890.0123456789"), ("da", "2024-02-29"), ("ts", "2024-02-29 12:34:56")):
        with step(f"show statistics of column {column}"):
            facts = described(spark, f"DESCRIBE EXTENDED every_type {column}")
            contains(facts["min"], low)
            contains(facts["max"], low)
            equal((facts["num_nulls"], facts["distinct_count"]), ("1", "1"))
    with step("show statistics of a string column"):
        facts = described(spark, "DESCRIBE EXTENDED every_type s")
        equal((facts["num_nulls"], facts["max_col_len"]), ("1", "4"))
    with step("statistics of a table using parquet"):
        spark.sql("ANALYZE TABLE use_parquet COMPUTE STATISTICS FOR ALL COLUMNS")
        equal(described(spark, "DESCRIBE EXTENDED use_parquet Id")["max"], "2")
    with step("compute statistics of all of a database's tables"):
        spark.sql("ANALYZE TABLES COMPUTE STATISTICS NOSCAN")
        contains(described(spark, "DESCRIBE EXTENDED plain")["Statistics"], "bytes")


def views(spark, db):
    with step("create a view with comments and properties"):
        spark.sql(
            "CREATE VIEW seen (number COMMENT 'n', word) COMMENT 'a view' TBLPROPERTIES ('p' = 'q') AS SELECT id, name FROM plain WHERE id < 10"
        )
        equal(sorted(rows(spark, "SELECT * FROM seen")), [(1, "one"), (2, None)])
        facts = described(spark, "DESCRIBE EXTENDED seen")
        equal((facts["Type"], facts["Comment"]), ("VIEW", "a view"))
        contains(facts["View Text"], "SELECT id, name FROM plain")
        equal(rows(spark, "DESCRIBE seen")[0][2], "n")
    with step("a view over a view and a join"):
        spark.sql("CREATE VIEW seen_2 AS SELECT s.word, m.id FROM seen s JOIN made m ON s.number % 100 = m.id")
        equal(rows(spark, "SELECT word, id FROM seen_2 WHERE id = 1"), [("one", 1)])
    with step("create an existing view"):
        refused(lambda: spark.sql("CREATE VIEW seen AS SELECT 1 AS x"), "already exists")
        spark.sql("CREATE VIEW IF NOT EXISTS seen AS SELECT 1 AS x")
        equal(spark.table("seen").columns, ["number", "word"])
    with step("replace and alter a view"):
        spark.sql("CREATE OR REPLACE VIEW seen AS SELECT id + 100 AS number FROM plain")
        equal(sorted(rows(spark, "SELECT * FROM seen")), [(101,), (102,)])
        spark.sql("ALTER VIEW seen AS SELECT id + 200 AS number, name AS word FROM plain")
        equal(rows(spark, "SELECT number FROM seen WHERE word = 'one'"), [(201,)])
        spark.sql("ALTER VIEW seen SET TBLPROPERTIES ('p' = 'r')")
        contains(rows(spark, "SHOW TBLPROPERTIES seen"), ("p", "r"))
    with step("list views"):
        equal(sorted(row[1] for row in rows(spark, f"SHOW VIEWS IN {db}")), ["seen", "seen_2"])
        equal([row[1] for row in rows(spark, "SHOW VIEWS LIKE '*_2'")], ["seen_2"])
        contains([row[1] for row in rows(spark, "SHOW TABLES")], "seen", "seen_2", "plain")
    with step("rename a view"):
        spark.sql("ALTER VIEW seen_2 RENAME TO seen_3")
        equal(rows(spark, "SELECT count(*) FROM seen_3 WHERE id = 1"), [(1,)])
    with step("drop a view"):
        refused(lambda: spark.sql("DROP VIEW plain"), "table")
        spark.sql("DROP VIEW seen_3")
        equal([row[1] for row in rows(spark, "SHOW VIEWS")], ["seen"])
        refused(lambda: spark.sql("DROP VIEW seen_3"), "not found", "cannot be found")


def functions(spark, db):
    hex_class = "org.apache.hadoop.hive.ql.udf.UDFHex"
    exp_class = "org.apache.hadoop.hive.ql.udf.UDFExp"

    with step("create and call a function"):
        spark.sql(f"CREATE FUNCTION to_hex AS '{hex_class}'")
        equal(rows(spark, "SELECT to_hex(255)"), [("FF",)])
        equal(rows(spark, f"SELECT {db}.to_hex(id) FROM {db}.plain WHERE id = 2"), [("2",)])
    with step("describe and list functions"):
        contains(" ".join(row[0] for row in rows(spark, f"DESCRIBE FUNCTION EXTENDED {db}.to_hex")), hex_class, "to_hex")
        equal([row[0].split(".")[-1] for row in rows(spark, f"SHOW USER FUNCTIONS IN {db}")], ["to_hex"])
        equal(rows(spark, f"SHOW USER FUNCTIONS IN {db} LIKE 'x*'"), [])
    with step("create an existing function"):
        refused(lambda: spark.sql(f"CREATE FUNCTION to_hex AS '{hex_class}'"), "already exists")
        spark.sql(f"CREATE FUNCTION IF NOT EXISTS to_hex AS '{exp_class}'")
        contains(" ".join(row[0] for row in rows(spark, f"DESCRIBE FUNCTION {db}.to_hex")), hex_class)
    with step("replace a function"):
        spark.sql(f"CREATE OR REPLACE FUNCTION to_hex AS '{exp_class}'")
        equal(rows(spark, "SELECT to_hex(0)"), [(1.0,)])
    with step("a function that is not there"):
        refused(lambda: spark.sql("SELECT no_such_function(1)"), "not found", "cannot be found", "cannot resolve")
        refused(lambda: spark.sql("DROP FUNCTION no_such_function"), "not found", "cannot be found", "cannot resolve")
        spark.sql("DROP FUNCTION IF EXISTS no_such_function")
    with step("drop a function"):
        spark.sql("DROP FUNCTION to_hex")
        equal(rows(spark, f"SHOW USER FUNCTIONS IN {db}"), [])


def drops(spark, db):
    with step("drop a managed table: its folder goes"):
        location = path(described(spark, "DESCRIBE EXTENDED made")["Location"])
        spark.sql("DROP TABLE made")
        equal(os.path.exists(location), False)
        lacks([row[1] for row in rows(spark, "SHOW TABLES")], "made")
    with step("drop a table with purge"):
        location = path(described(spark, "DESCRIBE EXTENDED used_orc")["Location"])
        spark.sql("DROP TABLE used_orc PURGE")
        equal(os.path.exists(location), False)
    with step("make a table again under a dropped table's name"):
        spark.sql("CREATE TABLE made (other STRING) USING parquet")
        equal(rows(spark, "SELECT * FROM made"), [])
        equal(spark.table("made").columns, ["other"])
    with step("drop a database that is not empty"):
        refused(lambda: spark.sql(f"DROP DATABASE {db}"), "not empty", "cannot drop")
        contains([row[1] for row in rows(spark, "SHOW TABLES")], "made", "plain")
    with step("drop a database with all that is in it"):
        spark.sql("USE default")
        spark.sql(f"DROP DATABASE {db} CASCADE")
        lacks(rows(spark, "SHOW DATABASES"), (db,))
