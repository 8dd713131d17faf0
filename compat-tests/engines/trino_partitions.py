"""Trino's Hive connector: partitioned tables, their pruning, statistics and procedures."""

import datetime
import itertools
import os

from clients import OVER_GLUE, SCRATCH, Trino, unique
from steps import contains, equal, refused, step
from trino_tables import first, statistics_of

REGIONS = ("ap", "eu", "us east", "us west/1")
DAYS = tuple(datetime.date(2024, 1, day) for day in (1, 2, 3))
HOURS = (2, 9, 10)

# Each stands for a row of the table: what SQL says of it, and the same said in Python.
PREDICATES = (
    ("region = 'eu'", lambda r, d, h: r == "eu"),
    ("region <> 'eu'", lambda r, d, h: r != "eu"),
    ("region < 'us'", lambda r, d, h: r < "us"),
    ("region IN ('us west/1', 'zz', 'ap')", lambda r, d, h: r in ("us west/1", "zz", "ap")),
    ("region LIKE 'us%'", lambda r, d, h: r.startswith("us")),
    ("region BETWEEN 'b' AND 'us east'", lambda r, d, h: "b" <= r <= "us east"),
    ("region = 'nowhere'", lambda r, d, h: False),
    ("dt = DATE '2024-01-02'", lambda r, d, h: d == DAYS[1]),
    ("dt >= DATE '2024-01-02'", lambda r, d, h: d >= DAYS[1]),
    ("dt <> DATE '2024-01-02'", lambda r, d, h: d != DAYS[1]),
    ("dt BETWEEN DATE '2024-01-02' AND DATE '2024-02-01'", lambda r, d, h: d >= DAYS[1]),
    ("hr = 9", lambda r, d, h: h == 9),
    ("hr < 10", lambda r, d, h: h < 10),
    ("hr IN (2, 10, 11)", lambda r, d, h: h in (2, 10)),
    ("hr = 9 AND dt = DATE '2024-01-03' AND region = 'eu'", lambda r, d, h: (r, d, h) == ("eu", DAYS[2], 9)),
    ("region = 'eu' OR hr = 2", lambda r, d, h: r == "eu" or h == 2),
    ("NOT (region = 'ap' AND hr > 2)", lambda r, d, h: not (r == "ap" and h > 2)),
)

ODD_VALUES = (
    "us west/1",
    "a=b",
    "100%",
    "%41",
    "it's",
    'say "x"',
    "a:b",
    "#1",
    "[z]",
    "{y}",
    "q?",
    "st*r",
    "back\\slash",
    "x^y",
    "CASE",
    "case",
)


def run():
    db = unique("trinopart")
    with step("create a schema for partitioned tables"):
        Trino("hive")(f"CREATE SCHEMA {db}")
    trino = Trino("hive", db)
    pruning(trino)
    odd_values(trino)
    inserts(trino, db)
    statistics(trino, db)
    change(trino)
    procedures(trino, db)
    with step("drop the schema of partitioned tables"):
        trino(f"DROP SCHEMA {db} CASCADE")


def pruning(trino):
    keys = list(itertools.product(REGIONS, DAYS, HOURS))
    with step(f"create a table as a query's result in {len(keys)} partitions"):
        values = ", ".join(f"({i}, '{r}', DATE '{d}', {h})" for i, (r, d, h) in enumerate(keys))
        trino(
            "CREATE TABLE pruned WITH (partitioned_by = ARRAY['region', 'dt', 'hr'])"
            f" AS SELECT id, CAST(region AS varchar) AS region, dt, hr FROM (VALUES {values}) AS t(id, region, dt, hr)"
        )
        equal(trino('SELECT count(*) FROM "pruned$partitions"'), [(len(keys),)])
    for text, holds in PREDICATES:
        with step(f"where {text}"):
            expected = [i for i, key in enumerate(keys) if holds(*key)]
            equal(sorted(first(trino(f"SELECT id FROM pruned WHERE {text}"))), expected)
            equal(trino(f'SELECT count(*) FROM "pruned$partitions" WHERE {text}'), [(len(expected),)])
    with step("columns and comments of a partitioned table"):
        contains(trino("SHOW CREATE TABLE pruned")[0][0], "partitioned_by = ARRAY['region','dt','hr']")
        equal([row[2] for row in trino("DESCRIBE pruned")], ["", "partition key", "partition key", "partition key"])


def odd_values(trino):
    with step("partition values of all kinds of characters"):
        trino("CREATE TABLE odd (id integer, p varchar) WITH (partitioned_by = ARRAY['p'])")
        values = ", ".join(f"({i}, {literal(value)})" for i, value in enumerate(ODD_VALUES))
        trino(f"INSERT INTO odd VALUES {values}")
        equal(dict(trino("SELECT p, id FROM odd")), {value: i for i, value in enumerate(ODD_VALUES)})
    for i, value in enumerate(ODD_VALUES):
        # Trino leaves quotes in its expressions for Glue as they are.
        if OVER_GLUE and "'" in value:
            continue
        with step(f"find the partition of {value!r}"):
            equal(trino(f"SELECT id FROM odd WHERE p = {literal(value)}"), [(i,)])
    with step("null as a partition value"):
        trino("INSERT INTO odd VALUES (100, NULL)")
        equal(trino("SELECT id, p FROM odd WHERE p IS NULL"), [(100, None)])
        equal(trino("SELECT count(*) FROM odd WHERE p IS NOT NULL"), [(len(ODD_VALUES),)])
    with step("characters that Trino does not write in a partition value"):
        refused(lambda: trino("INSERT INTO odd VALUES (200, 'Zürich')"), "printable ascii")
    for kind, value, other in (
        ("bigint", "9000000000", "5"),
        ("decimal(10,2)", "DECIMAL '12.50'", "DECIMAL '3.00'"),
        ("boolean", "true", "false"),
        ("timestamp(3)", "TIMESTAMP '2024-01-01 10:00:00'", "TIMESTAMP '2024-01-01 11:00:00'"),
        ("char(3)", "'abc'", "'xyz'"),
    ):
        with step(f"a partition key of type {kind}"):
            name = "by_" + kind.split("(")[0]
            trino(f"CREATE TABLE {name} (id integer, p {kind}) WITH (partitioned_by = ARRAY['p'])")
            trino(f"INSERT INTO {name} VALUES (1, {value}), (2, {other}), (3, NULL)")
            equal(trino(f"SELECT id FROM {name} WHERE p = {value}"), [(1,)])
            equal(trino(f"SELECT id FROM {name} WHERE p IS NULL"), [(3,)])


def literal(value):
    return "'" + value.replace("'", "''") + "'"


def inserts(trino, db):
    with step("insert into new and existing partitions"):
        trino(
            "CREATE TABLE days (id integer, v varchar, dt varchar, hr integer) WITH (partitioned_by = ARRAY['dt', 'hr'], format = 'PARQUET')"
        )
        trino("INSERT INTO days VALUES (1, 'a', 'd1', 1), (2, 'b', 'd1', 2), (3, 'c', 'd2', 1)")
        trino("INSERT INTO days VALUES (4, 'd', 'd1', 1), (5, 'e', 'd3', 1)")
        equal(
            trino("SELECT dt, hr, count(*) FROM days GROUP BY 1, 2 ORDER BY 1, 2"), [("d1", 1, 2), ("d1", 2, 1), ("d2", 1, 1), ("d3", 1, 1)]
        )
    with step("overwrite partitions"):
        overwriting = Trino("hive", db, insert_existing_partitions_behavior="OVERWRITE")
        overwriting("INSERT INTO days VALUES (9, 'z', 'd1', 1)")
        equal(trino("SELECT id FROM days WHERE dt = 'd1' ORDER BY id"), [(2,), (9,)])
    with step("refuse to touch existing partitions"):
        strict = Trino("hive", db, insert_existing_partitions_behavior="ERROR")
        refused(lambda: strict("INSERT INTO days VALUES (10, 'y', 'd1', 1)"), "already exists", "existing partition")
    with step("delete partitions"):
        trino("DELETE FROM days WHERE dt = 'd2'")
        trino("DELETE FROM days WHERE dt = 'd1' AND hr = 2")
        equal(trino("SELECT id FROM days ORDER BY id"), [(5,), (9,)])
        equal(trino('SELECT * FROM "days$partitions" ORDER BY dt'), [("d1", 1), ("d3", 1)])
    with step("a partitioned and bucketed table"):
        trino("CREATE TABLE both (id integer, dt varchar) WITH (partitioned_by = ARRAY['dt'], bucketed_by = ARRAY['id'], bucket_count = 2)")
        trino("INSERT INTO both SELECT CAST(nationkey AS integer), CAST(regionkey AS varchar) FROM tpch.tiny.nation")
        equal(trino("SELECT count(*) FROM both WHERE dt = '3' AND id < 10"), [(2,)])
    with step("90 partitions in one insert"):
        trino("CREATE TABLE many (id bigint, p integer) WITH (partitioned_by = ARRAY['p'])")
        trino("INSERT INTO many SELECT n, CAST(n AS integer) FROM UNNEST(sequence(0, 89)) AS t(n)")
        equal(trino("SELECT count(*), sum(id) FROM many WHERE p >= 50 AND p < 60"), [(10, 545)])


def statistics(trino, db):
    with step("statistics of partitions are gathered by inserts"):
        trino(
            "CREATE TABLE measured (id integer, v double, ts timestamp(3), de decimal(10,2), dt varchar) WITH (partitioned_by = ARRAY['dt'])"
        )
        trino(
            "INSERT INTO measured VALUES (1, 0.5, TIMESTAMP '2024-01-01 00:00:01', 1.25, 'a'), (2, NULL, TIMESTAMP '2024-01-01 00:00:02', 2.50, 'a'),"
            " (30, 9.5, NULL, NULL, 'b')"
        )
        stats = statistics_of(trino, "measured")
        equal(stats[None], 3)
        equal(stats["id"][3:], ("1", "30"))
        equal((stats["v"][2], *stats["v"][3:]), (1 / 3, "0.5", "9.5"))
        equal(stats["dt"][1:3], (2, 0))
    with step("statistics of one partition"):
        stats = statistics_of(trino, "(SELECT * FROM measured WHERE dt = 'a')")
        equal(stats[None], 2)
        equal(stats["id"][1:], (2, 0, "1", "2"))
        equal(stats["de"][1:], (2, 0, "1.25", "2.5"))
        equal(stats["ts"][1:3], (None, None) if OVER_GLUE else (2, 0))
    with step("inserts add to a partition's statistics"):
        trino("INSERT INTO measured VALUES (40, 1.0, NULL, 7.00, 'a')")
        stats = statistics_of(trino, "(SELECT * FROM measured WHERE dt = 'a')")
        equal((stats[None], stats["id"][3:], stats["ts"][2]), (3, ("1", "40"), None if OVER_GLUE else 1 / 3))
    with step("drop one partition's statistics, then analyze it"):
        trino(f"CALL system.drop_stats('{db}', 'measured', ARRAY[ARRAY['a']])")
        equal(statistics_of(trino, "(SELECT * FROM measured WHERE dt = 'a')")["id"][3], None)
        equal(statistics_of(trino, "(SELECT * FROM measured WHERE dt = 'b')")["id"][3], "30")
        trino("ANALYZE measured WITH (partitions = ARRAY[ARRAY['a']])")
        equal(statistics_of(trino, "(SELECT * FROM measured WHERE dt = 'a')")["id"][3:], ("1", "40"))
    with step("analyze all partitions"):
        trino(f"CALL system.drop_stats('{db}', 'measured')")
        trino("ANALYZE measured")
        stats = statistics_of(trino, "measured")
        equal((stats[None], stats["id"][3:], stats["v"][3:]), (4, ("1", "40"), ("0.5", "9.5")))
    with step("analyze a partition that is not there"):
        refused(lambda: trino("ANALYZE measured WITH (partitions = ARRAY[ARRAY['no']])"), "no longer exists")


def change(trino):
    with step("add and drop columns: old partitions keep their files"):
        trino("ALTER TABLE days ADD COLUMN extra varchar")
        trino("INSERT INTO days VALUES (20, 'v', 'new', 'd4', 1)")
        equal(trino("SELECT id, extra FROM days ORDER BY id"), [(5, None), (9, None), (20, "new")])
    with step("drop or rename a partition key"):
        refused(lambda: trino("ALTER TABLE days DROP COLUMN dt"), "partition")
        refused(lambda: trino("ALTER TABLE days RENAME COLUMN dt TO day"), "partition")
    if not OVER_GLUE:
        with step("rename a partitioned table: partitions follow"):
            trino("ALTER TABLE days RENAME TO dates")
            equal(trino("SELECT id FROM dates WHERE dt = 'd4'"), [(20,)])
            contains(trino("SELECT \"$path\" FROM dates WHERE dt = 'd4'")[0][0], "/dates/")
            trino("ALTER TABLE dates RENAME TO days")
    with step("delete all of a partitioned table"):
        trino("DELETE FROM days")
        equal(trino("SELECT count(*) FROM days"), [(0,)])


def procedures(trino, db):
    place = f"{SCRATCH}/{db}_found"
    with step("find partitions by their folders"):
        for folder, value in (("dt=d1/hr=1", "x"), ("dt=d1/hr=2", "y"), ("dt=a b%2Fc/hr=3", "z")):
            os.makedirs(f"{place}/{folder}")
            with open(f"{place}/{folder}/data.csv", "w") as file:
                file.write(f"{value}\n")
        trino(
            "CREATE TABLE found (v varchar, dt varchar, hr varchar) WITH"
            f" (format = 'CSV', partitioned_by = ARRAY['dt', 'hr'], external_location = 'file://{place}')"
        )
        equal(trino("SELECT * FROM found"), [])
        trino(f"CALL system.sync_partition_metadata('{db}', 'found', 'ADD')")
        equal(sorted(trino("SELECT v, dt, hr FROM found")), [("x", "d1", "1"), ("y", "d1", "2"), ("z", "a b/c", "3")])
    with step("drop partitions whose folders are gone"):
        os.remove(f"{place}/dt=d1/hr=2/data.csv")
        os.rmdir(f"{place}/dt=d1/hr=2")
        trino(f"CALL system.sync_partition_metadata('{db}', 'found', 'FULL')")
        equal(trino('SELECT count(*) FROM "found$partitions"'), [(2,)])
    with step("unregister and register a partition"):
        trino(f"CALL system.unregister_partition('{db}', 'found', ARRAY['dt', 'hr'], ARRAY['d1', '1'])")
        equal(trino('SELECT count(*) FROM "found$partitions"'), [(1,)])
        trino(f"CALL system.register_partition('{db}', 'found', ARRAY['dt', 'hr'], ARRAY['d1', '1'], 'file://{place}/dt=d1/hr=1')")
        equal(trino("SELECT v FROM found WHERE dt = 'd1'"), [("x",)])
        refused(
            lambda: trino(
                f"CALL system.register_partition('{db}', 'found', ARRAY['dt', 'hr'], ARRAY['d1', '1'], 'file://{place}/dt=d1/hr=1')"
            ),
            "already",
        )
    with step("create an empty partition"):
        trino(f"CALL system.create_empty_partition('{db}', 'many', ARRAY['p'], ARRAY['1000'])")
        equal(trino('SELECT count(*) FROM "many$partitions" WHERE p = 1000'), [(1,)])
        refused(lambda: trino(f"CALL system.create_empty_partition('{db}', 'many', ARRAY['p'], ARRAY['1000'])"), "already")
    with step("flush the metadata cache"):
        trino("CALL system.flush_metadata_cache()")
        equal(trino("SELECT count(*) FROM many"), [(90,)])
