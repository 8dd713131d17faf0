"""Spark: partitions, the pruning of them, what their values may be, and what is done to them."""

import datetime
import itertools
import os

from clients import SCRATCH, path, unique
from spark_tables import described, rows
from steps import contains, equal, lacks, refused, step

REGIONS = ("ap", "eu", "us east", "us west/1")
DAYS = tuple(datetime.date(2024, 1, day) for day in (1, 2, 3))
HOURS = (2, 9, 10)

# Each stands for a row of the table: what SQL says of it, and the same said in Python.
PREDICATES = (
    ("region = 'eu'", lambda r, d, h: r == "eu"),
    ("region != 'eu'", lambda r, d, h: r != "eu"),
    ("region < 'us'", lambda r, d, h: r < "us"),
    ("region >= 'us east'", lambda r, d, h: r >= "us east"),
    ("region IN ('us west/1', 'zz', 'ap')", lambda r, d, h: r in ("us west/1", "zz", "ap")),
    ("region NOT IN ('eu', 'ap')", lambda r, d, h: r not in ("eu", "ap")),
    ("region LIKE 'us%'", lambda r, d, h: r.startswith("us")),
    ("region LIKE '%east'", lambda r, d, h: r.endswith("east")),
    ("region LIKE '%s%'", lambda r, d, h: "s" in r),
    ("region LIKE 'e_'", lambda r, d, h: r == "eu"),
    ("region BETWEEN 'b' AND 'us east'", lambda r, d, h: "b" <= r <= "us east"),
    ("region = 'nowhere'", lambda r, d, h: False),
    ("dt = DATE'2024-01-02'", lambda r, d, h: d == DAYS[1]),
    ("dt < DATE'2024-01-02'", lambda r, d, h: d < DAYS[1]),
    ("dt >= DATE'2024-01-02'", lambda r, d, h: d >= DAYS[1]),
    ("dt != DATE'2024-01-02'", lambda r, d, h: d != DAYS[1]),
    ("dt IN (DATE'2024-01-01', DATE'2024-01-03')", lambda r, d, h: d in (DAYS[0], DAYS[2])),
    ("dt BETWEEN DATE'2024-01-02' AND DATE'2024-02-01'", lambda r, d, h: d >= DAYS[1]),
    ("hr = 9", lambda r, d, h: h == 9),
    ("hr != 9", lambda r, d, h: h != 9),
    ("hr < 10", lambda r, d, h: h < 10),
    ("hr >= 9", lambda r, d, h: h >= 9),
    ("hr IN (2, 10, 11)", lambda r, d, h: h in (2, 10)),
    ("hr BETWEEN 3 AND 10", lambda r, d, h: h in (9, 10)),
    ("hr = 9 AND dt = DATE'2024-01-03' AND region = 'eu'", lambda r, d, h: (r, d, h) == ("eu", DAYS[2], 9)),
    ("region = 'eu' OR hr = 2", lambda r, d, h: r == "eu" or h == 2),
    ("(region = 'ap' OR region LIKE 'us%') AND NOT hr = 10", lambda r, d, h: r != "eu" and h != 10),
    ("upper(region) = 'EU' AND hr > 2", lambda r, d, h: r == "eu" and h > 2),
    ("id = 5 AND hr < 10", lambda r, d, h: (r, d, h) == ("ap", DAYS[1], 10) and False),
)

ODD_VALUES = (
    "us west/1",
    "a=b",
    "100%",
    "%41",
    "it's",
    'say "x"',
    "Zürich",
    "日本",
    "a:b",
    " lead and trail ",
    "#1",
    "[z]",
    "{y}",
    "q?",
    "st*r",
    "back\\slash",
    "x^y",
    "tab\there",
    "a,b;c",
    "CASE",
    "case",
)


def run(spark):
    db = unique("sparkpart")
    with step("create a database for partitioned tables"):
        spark.sql(f"CREATE DATABASE {db}")
        spark.sql(f"USE {db}")
    for kind, clause in (
        ("Hive", "PARTITIONED BY (region STRING, dt DATE, hr INT) STORED AS ORC"),
        ("parquet", "USING parquet PARTITIONED BY (region, dt, hr)"),
    ):
        pruning(spark, kind, clause)
    odd_values(spark)
    inserts(spark)
    add_drop_rename(spark, db)
    change(spark, db)
    repair(spark, db)
    with step("drop the database of partitioned tables"):
        spark.sql("USE default")
        spark.sql(f"DROP DATABASE {db} CASCADE")
        lacks(rows(spark, "SHOW DATABASES"), (db,))


def pruning(spark, kind, clause):
    table = f"pruned_{kind}".lower()
    keys = list(itertools.product(REGIONS, DAYS, HOURS))

    with step(f"{kind} table: insert into {len(keys)} partitions at once"):
        columns = "id INT" if kind == "Hive" else "id INT, region STRING, dt DATE, hr INT"
        spark.sql(f"CREATE TABLE {table} ({columns}) {clause}")
        values = ", ".join(f"({i}, '{r}', DATE'{d}', {h})" for i, (r, d, h) in enumerate(keys))
        spark.sql(f"INSERT INTO {table} VALUES {values}")
        equal(len(rows(spark, f"SHOW PARTITIONS {table}")), len(keys))
    for text, holds in PREDICATES:
        with step(f"{kind} table: {text}"):
            expected = [i for i, key in enumerate(keys) if holds(*key)]
            equal(sorted(row[0] for row in rows(spark, f"SELECT id FROM {table} WHERE {text}")), expected)
    with step(f"{kind} table: count without reading files"):
        equal(rows(spark, f"SELECT region, count(*) FROM {table} GROUP BY region ORDER BY region"), [(r, 9) for r in REGIONS])
        equal(rows(spark, f"SELECT max(hr), min(dt) FROM {table}"), [(10, DAYS[0])])
    with step(f"{kind} table: show partitions of a part"):
        equal(
            rows(spark, f"SHOW PARTITIONS {table} PARTITION (region = 'us west/1', hr = 9)"),
            [(f"region=us west%2F1/dt={day}/hr=9",) for day in DAYS],
        )
        equal(rows(spark, f"SHOW PARTITIONS {table} PARTITION (region = 'nowhere')"), [])


def odd_values(spark):
    with step("partition values of all kinds of characters"):
        spark.sql("CREATE TABLE odd (id INT) PARTITIONED BY (p STRING) STORED AS PARQUET")
        for i, value in enumerate(ODD_VALUES):
            spark.sql(f"INSERT INTO odd PARTITION (p = {literal(value)}) VALUES ({i})")
        equal(dict(rows(spark, "SELECT p, id FROM odd")), {value: i for i, value in enumerate(ODD_VALUES)})
    for i, value in enumerate(ODD_VALUES):
        with step(f"find the partition of {value!r}"):
            equal(rows(spark, f"SELECT id FROM odd WHERE p = {literal(value)}"), [(i,)])
    with step("partition names are escaped"):
        contains(rows(spark, "SHOW PARTITIONS odd"), ("p=us west%2F1",), ("p=100%25",), ("p=a%3Db",), ("p=it%27s",), ("p=日本",))
    with step("values written in one dynamic insert"):
        spark.sql("CREATE TABLE odd_2 (id INT) PARTITIONED BY (p STRING) STORED AS ORC")
        spark.sql("INSERT INTO odd_2 SELECT id, p FROM odd")
        equal(dict(rows(spark, "SELECT p, id FROM odd_2")), dict(rows(spark, "SELECT p, id FROM odd")))
    with step("null as a partition value"):
        spark.sql("INSERT INTO odd_2 VALUES (100, NULL), (101, NULL)")
        contains(rows(spark, "SHOW PARTITIONS odd_2"), ("p=__HIVE_DEFAULT_PARTITION__",))
        equal(sorted(rows(spark, "SELECT id, p FROM odd_2 WHERE p IS NULL")), [(100, None), (101, None)])
        equal(rows(spark, "SELECT count(*) FROM odd_2 WHERE p IS NOT NULL"), [(len(ODD_VALUES),)])
        equal(rows(spark, "SELECT count(*) FROM odd_2 WHERE p > 'a'"), [(sum(value > "a" for value in ODD_VALUES),)])
    with step("null in an int and a date key"):
        spark.sql("CREATE TABLE nulls (id INT) PARTITIONED BY (n INT, d DATE) STORED AS PARQUET")
        spark.sql("INSERT INTO nulls VALUES (1, NULL, DATE'2024-01-01'), (2, 5, NULL), (3, 5, DATE'2024-01-01')")
        equal(sorted(rows(spark, "SELECT id FROM nulls WHERE n = 5")), [(2,), (3,)])
        equal(rows(spark, "SELECT id FROM nulls WHERE n IS NULL"), [(1,)])
        equal(sorted(rows(spark, "SELECT id FROM nulls WHERE d >= DATE'2023-01-01'")), [(1,), (3,)])
    with step("an empty string as a partition value"):
        refused(lambda: spark.sql("INSERT INTO odd PARTITION (p = '') VALUES (1)"), "empty")
    for kind, value, other in (
        ("BIGINT", "9000000000", "5"),
        ("DECIMAL(10,2)", "12.50", "3.00"),
        ("TIMESTAMP", "TIMESTAMP'2024-01-01 10:00:00'", "TIMESTAMP'2024-01-01 11:00:00'"),
        ("BOOLEAN", "true", "false"),
        ("SMALLINT", "7", "70"),
    ):
        with step(f"a partition key of type {kind}"):
            name = "by_" + kind.split("(")[0].lower()
            spark.sql(f"CREATE TABLE {name} (id INT) PARTITIONED BY (p {kind}) STORED AS PARQUET")
            spark.sql(f"INSERT INTO {name} VALUES (1, {value}), (2, {other})")
            equal(rows(spark, f"SELECT id FROM {name} WHERE p = {value}"), [(1,)])
            equal(rows(spark, f"SELECT count(*) FROM {name} WHERE p != {value}"), [(1,)])


def literal(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def inserts(spark):
    with step("insert into named partitions"):
        spark.sql("CREATE TABLE days (id INT, v STRING) PARTITIONED BY (dt STRING, hr INT) STORED AS ORC")
        spark.sql("INSERT INTO days PARTITION (dt = '2024-01-01', hr = 1) VALUES (1, 'a')")
        spark.sql("INSERT INTO days PARTITION (dt = '2024-01-01', hr = 1) VALUES (2, 'b')")
        spark.sql("INSERT INTO days PARTITION (dt = '2024-01-01', hr) VALUES (3, 'c', 2)")
        equal(rows(spark, "SELECT hr, count(*) FROM days GROUP BY hr ORDER BY hr"), [(1, 2), (2, 1)])
    with step("overwrite one partition"):
        spark.sql("INSERT OVERWRITE TABLE days PARTITION (dt = '2024-01-01', hr = 1) VALUES (9, 'z')")
        equal(sorted(rows(spark, "SELECT id, hr FROM days")), [(3, 2), (9, 1)])
    with step("overwrite the partitions that the rows name"):
        spark.sql("INSERT OVERWRITE TABLE days PARTITION (dt, hr) VALUES (7, 'q', '2024-01-01', 2), (8, 'r', '2024-01-02', 1)")
        equal(sorted(rows(spark, "SELECT id, dt, hr FROM days")), [(7, "2024-01-01", 2), (8, "2024-01-02", 1), (9, "2024-01-01", 1)])
    with step("a table using parquet: overwrite all, or what the rows name"):
        spark.sql("CREATE TABLE source (id INT, dt STRING) USING parquet PARTITIONED BY (dt)")
        spark.sql("INSERT INTO source VALUES (1, 'a'), (2, 'b')")
        spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
        spark.sql("INSERT OVERWRITE TABLE source VALUES (3, 'b')")
        equal(sorted(rows(spark, "SELECT * FROM source")), [(1, "a"), (3, "b")])
        spark.conf.set("spark.sql.sources.partitionOverwriteMode", "static")
        spark.sql("INSERT OVERWRITE TABLE source VALUES (4, 'c')")
        equal(rows(spark, "SELECT * FROM source"), [(4, "c")])
        equal(rows(spark, "SHOW PARTITIONS source"), [("dt=c",)])
    with step("create a partitioned table as a query's result"):
        spark.sql("CREATE TABLE made PARTITIONED BY (dt) STORED AS PARQUET AS SELECT id, dt FROM days")
        equal(len(rows(spark, "SHOW PARTITIONS made")), 2)
        spark.table("days").write.partitionBy("dt", "hr").format("parquet").saveAsTable("made_2")
        equal(rows(spark, "SELECT id FROM made_2 WHERE dt = '2024-01-02'"), [(8,)])
    with step("400 partitions in one insert"):
        spark.sql("CREATE TABLE many (id BIGINT) PARTITIONED BY (p INT) STORED AS PARQUET")
        spark.sql("INSERT INTO many SELECT /*+ COALESCE(1) */ id, CAST(id % 400 AS INT) FROM range(400)")
        equal(len(rows(spark, "SHOW PARTITIONS many")), 400)
        equal(rows(spark, "SELECT count(*), sum(id) FROM many WHERE p >= 100 AND p < 110"), [(10, 1045)])


def add_drop_rename(spark, db):
    with step("add partitions, with and without a location"):
        spark.sql("CREATE TABLE parts (id INT) PARTITIONED BY (dt STRING, hr INT) STORED AS TEXTFILE")
        place = f"{SCRATCH}/{db}_elsewhere"
        spark.sql(f"ALTER TABLE parts ADD PARTITION (dt = 'd1', hr = 1) PARTITION (dt = 'd1', hr = 2) LOCATION 'file:{place}'")
        equal(rows(spark, "SHOW PARTITIONS parts"), [("dt=d1/hr=1",), ("dt=d1/hr=2",)])
        equal(path(described(spark, "DESCRIBE EXTENDED parts PARTITION (dt = 'd1', hr = 2)")["Location"]), place)
        spark.sql("INSERT INTO parts PARTITION (dt = 'd1', hr = 2) VALUES (12)")
        equal(any(name.startswith("part-") for name in os.listdir(place)), True)
    with step("add a partition that is there"):
        refused(lambda: spark.sql("ALTER TABLE parts ADD PARTITION (dt = 'd0', hr = 0) PARTITION (dt = 'd1', hr = 1)"), "already exist")
        equal(len(rows(spark, "SHOW PARTITIONS parts")), 2)
        spark.sql("ALTER TABLE parts ADD IF NOT EXISTS PARTITION (dt = 'd1', hr = 1) PARTITION (dt = 'd2', hr = 1)")
        equal(len(rows(spark, "SHOW PARTITIONS parts")), 3)
    with step("describe a partition"):
        facts = described(spark, "DESCRIBE EXTENDED parts PARTITION (dt = 'd1', hr = 1)")
        contains(facts["Partition Values"], "dt=d1", "hr=1")
        refused(lambda: spark.sql("DESCRIBE EXTENDED parts PARTITION (dt = 'no', hr = 1)"), "not found", "cannot be found")
    with step("show a partition with its details"):
        contains(rows(spark, "SHOW TABLE EXTENDED LIKE 'parts' PARTITION (dt = 'd1', hr = 2)")[0][3], "Partition Values: [dt=d1, hr=2]")
    with step("rename a partition: its folder goes along"):
        spark.sql("INSERT INTO parts PARTITION (dt = 'd1', hr = 1) VALUES (11)")
        spark.sql("ALTER TABLE parts PARTITION (dt = 'd1', hr = 1) RENAME TO PARTITION (dt = 'd9', hr = 90)")
        equal(rows(spark, "SELECT id FROM parts WHERE dt = 'd9' AND hr = 90"), [(11,)])
        equal(rows(spark, "SHOW PARTITIONS parts PARTITION (dt = 'd1')"), [("dt=d1/hr=2",)])
    with step("rename a partition to one that is there, or one that is not"):
        refused(lambda: spark.sql("ALTER TABLE parts PARTITION (dt = 'd9', hr = 90) RENAME TO PARTITION (dt = 'd2', hr = 1)"), "exist")
        refused(
            lambda: spark.sql("ALTER TABLE parts PARTITION (dt = 'no', hr = 0) RENAME TO PARTITION (dt = 'x', hr = 1)"),
            "not found",
            "cannot be found",
        )
        equal(rows(spark, "SELECT id FROM parts WHERE dt = 'd9'"), [(11,)])
    with step("drop partitions"):
        spark.sql("ALTER TABLE parts ADD PARTITION (dt = 'e1', hr = 1) PARTITION (dt = 'e1', hr = 2) PARTITION (dt = 'e2', hr = 1)")
        folder = path(described(spark, "DESCRIBE EXTENDED parts PARTITION (dt = 'e2', hr = 1)")["Location"])
        spark.sql("ALTER TABLE parts DROP PARTITION (dt = 'e1'), PARTITION (dt = 'e2', hr = 1)")
        equal(rows(spark, "SHOW PARTITIONS parts"), [("dt=d1/hr=2",), ("dt=d2/hr=1",), ("dt=d9/hr=90",)])
        equal(os.path.exists(folder), False)
    with step("drop a partition that is not there"):
        refused(lambda: spark.sql("ALTER TABLE parts DROP PARTITION (dt = 'no', hr = 1)"), "not found", "cannot be found")
        spark.sql("ALTER TABLE parts DROP IF EXISTS PARTITION (dt = 'no', hr = 1)")
    with step("drop a partition with purge"):
        spark.sql("ALTER TABLE parts DROP PARTITION (dt = 'd2') PURGE")
        equal(len(rows(spark, "SHOW PARTITIONS parts")), 2)
    with step("an unknown key in a partition's name"):
        refused(lambda: spark.sql("ALTER TABLE parts ADD PARTITION (nokey = '1')"), "not a valid partition", "partition")
        refused(lambda: spark.sql("SHOW PARTITIONS parts PARTITION (nokey = '1')"), "not a valid partition", "partition")
    with step("partitions of a table without any"):
        spark.sql("CREATE TABLE bare (id INT) STORED AS ORC")
        refused(lambda: spark.sql("SHOW PARTITIONS bare"), "not partitioned", "not allowed")


def change(spark, db):
    with step("set a partition's location"):
        place = f"{SCRATCH}/{db}_relocated"
        os.makedirs(place)
        spark.sql(f"ALTER TABLE parts PARTITION (dt = 'd9', hr = 90) SET LOCATION 'file:{place}'")
        equal(rows(spark, "SELECT id FROM parts WHERE dt = 'd9'"), [])
        spark.sql("INSERT INTO parts PARTITION (dt = 'd9', hr = 90) VALUES (99)")
        equal(rows(spark, "SELECT id FROM parts WHERE dt = 'd9'"), [(99,)])
    with step("set a partition's SerDe properties"):
        spark.sql("ALTER TABLE parts PARTITION (dt = 'd9', hr = 90) SET SERDEPROPERTIES ('note' = 'one')")
        contains(described(spark, "DESCRIBE EXTENDED parts PARTITION (dt = 'd9', hr = 90)")["Storage Properties"], "note=one")
        lacks(described(spark, "DESCRIBE EXTENDED parts PARTITION (dt = 'd1', hr = 2)")["Storage Properties"], "note=one")
    with step("add columns: partitions from before have no values in them"):
        spark.sql("ALTER TABLE days ADD COLUMNS (extra STRING)")
        spark.sql("INSERT INTO days PARTITION (dt = '2024-02-01', hr = 1) VALUES (20, 'v', 'new')")
        equal(rows(spark, "SELECT id, extra FROM days WHERE id IN (8, 20) ORDER BY id"), [(8, None), (20, "new")])
    with step("statistics of a partition"):
        spark.sql("ANALYZE TABLE days PARTITION (dt = '2024-01-01', hr = 1) COMPUTE STATISTICS")
        contains(
            described(spark, "DESCRIBE EXTENDED days PARTITION (dt = '2024-01-01', hr = 1)")["Partition Statistics"], "bytes", "1 rows"
        )
        lacks(described(spark, "DESCRIBE EXTENDED days PARTITION (dt = '2024-01-02', hr = 1)").get("Partition Statistics", ""), "rows")
    with step("statistics of all partitions"):
        spark.sql("ANALYZE TABLE days PARTITION (dt, hr) COMPUTE STATISTICS")
        contains(described(spark, "DESCRIBE EXTENDED days PARTITION (dt = '2024-01-02', hr = 1)")["Partition Statistics"], "1 rows")
    with step("statistics of a partitioned table's columns"):
        spark.sql("ANALYZE TABLE days COMPUTE STATISTICS FOR COLUMNS id, v, dt, hr")
        equal(described(spark, "DESCRIBE EXTENDED days id")["max"], "20")
    with step("truncate a partition, then the table"):
        spark.sql("TRUNCATE TABLE days PARTITION (dt = '2024-01-01', hr = 1)")
        equal(rows(spark, "SELECT count(*) FROM days WHERE dt = '2024-01-01' AND hr = 1"), [(0,)])
        equal(rows(spark, "SELECT count(*) FROM days"), [(3,)])
        spark.sql("TRUNCATE TABLE days")
        equal(rows(spark, "SELECT count(*) FROM days"), [(0,)])
        equal(len(rows(spark, "SHOW PARTITIONS days")), 4)
    with step("rename a partitioned table: partitions follow"):
        spark.sql("INSERT INTO days PARTITION (dt = '2024-03-01', hr = 5) VALUES (30, 'r', NULL)")
        spark.sql("ALTER TABLE days RENAME TO dates")
        equal(rows(spark, "SELECT id FROM dates WHERE dt = '2024-03-01'"), [(30,)])
        equal(len(rows(spark, "SHOW PARTITIONS dates")), 5)
        contains(described(spark, "DESCRIBE EXTENDED dates PARTITION (dt = '2024-03-01', hr = 5)")["Location"], "/dates/")
    with step("rename a partitioned table using parquet"):
        spark.sql("ALTER TABLE source RENAME TO source_2")
        equal(rows(spark, "SELECT * FROM source_2 WHERE dt = 'c'"), [(4, "c")])
    with step("views over partitioned tables prune too"):
        spark.sql("CREATE VIEW eu AS SELECT * FROM pruned_hive WHERE region = 'eu'")
        equal(rows(spark, "SELECT count(*) FROM eu WHERE hr > 2"), [(6,)])


def repair(spark, db):
    with step("find partitions by their folders"):
        place = f"{SCRATCH}/{db}_found"
        for folder, value in (("dt=2024-01-01/hr=1", 1), ("dt=2024-01-01/hr=2", 2), ("dt=a b%2Fc/hr=3", 3)):
            os.makedirs(f"{place}/{folder}")
            with open(f"{place}/{folder}/data.txt", "w") as file:
                file.write(f"{value}\n")
        spark.sql(f"CREATE EXTERNAL TABLE found (id INT) PARTITIONED BY (dt STRING, hr INT) STORED AS TEXTFILE LOCATION 'file:{place}'")
        equal(rows(spark, "SELECT * FROM found"), [])
        spark.sql("MSCK REPAIR TABLE found")
        equal(sorted(rows(spark, "SELECT id, dt, hr FROM found")), [(1, "2024-01-01", 1), (2, "2024-01-01", 2), (3, "a b/c", 3)])
    with step("repair again, and recover partitions"):
        os.makedirs(f"{place}/dt=2024-01-09/hr=9")
        spark.sql("ALTER TABLE found RECOVER PARTITIONS")
        equal(len(rows(spark, "SHOW PARTITIONS found")), 4)
        spark.sql("MSCK REPAIR TABLE found")
        equal(len(rows(spark, "SHOW PARTITIONS found")), 4)
    with step("drop partitions whose folders are gone"):
        os.rmdir(f"{place}/dt=2024-01-09/hr=9")
        spark.sql("MSCK REPAIR TABLE found SYNC PARTITIONS")
        lacks(rows(spark, "SHOW PARTITIONS found"), ("dt=2024-01-09/hr=9",))
        equal(len(rows(spark, "SHOW PARTITIONS found")), 3)
    with step("drop an external partitioned table: its files stay"):
        spark.sql("ALTER TABLE found DROP PARTITION (dt = '2024-01-01')")
        spark.sql("DROP TABLE found")
        equal(os.path.exists(f"{place}/dt=2024-01-01/hr=1/data.txt"), True)
