"""Trino's Hive connector: schemas, tables, columns, statistics, views and functions."""

import datetime
import decimal
import os
from concurrent.futures import ThreadPoolExecutor

from clients import OVER_GLUE, SCRATCH, Trino, unique
from steps import contains, equal, lacks, refused, step


def run():
    db = unique("trino")
    schemas(Trino("hive"), db)
    trino = Trino("hive", db)
    tables(trino, db)
    alter(trino, db)
    statistics(trino)
    listing(trino, db)
    views(trino, db)
    functions(trino, db)
    drops(trino, db)


def first(rows):
    return [row[0] for row in rows]


def statistics_of(trino, relation):
    """SHOW STATS as column to (data_size, distinct_values_count, nulls_fraction, low_value, high_value); None: the row count."""
    return {row[0]: (row[1], row[2], row[3], row[5], row[6]) if row[0] else row[4] for row in trino(f"SHOW STATS FOR {relation}")}


def schemas(trino, db):
    with step("create a schema in the metastore's warehouse"):
        trino(f"CREATE SCHEMA {db}")
        contains(first(trino("SHOW SCHEMAS")), db, *([] if OVER_GLUE else ["default"]))
        contains(trino(f"SHOW CREATE SCHEMA {db}")[0][0], f"{trino.catalog}.{db}", "location = ")
    with step("create an existing schema"):
        refused(lambda: trino(f"CREATE SCHEMA {db}"), "already exists")
        trino(f"CREATE SCHEMA IF NOT EXISTS {db}")
    with step("a schema at its own location"):
        trino(f"CREATE SCHEMA {db}_at WITH (location = 'file://{SCRATCH}/{db}_at')")
        contains(trino(f"SHOW CREATE SCHEMA {db}_at")[0][0], f"{SCRATCH}/{db}_at")
        trino(f"CREATE TABLE {db}_at.t AS SELECT 1 AS x")
        equal(os.path.isdir(f"{SCRATCH}/{db}_at/t"), True)
    with step("change a schema's owner"):
        if OVER_GLUE:
            refused(lambda: trino(f"ALTER SCHEMA {db}_at SET AUTHORIZATION alice"), "not supported by Glue")
        else:
            trino(f"ALTER SCHEMA {db}_at SET AUTHORIZATION alice")
        contains(trino(f"SHOW CREATE SCHEMA {db}_at")[0][0], f"{SCRATCH}/{db}_at")
    with step("list schemas by pattern"):
        equal(sorted(first(trino(f"SHOW SCHEMAS LIKE '{db}%'"))), [db, f"{db}_at"])
    with step("drop a schema that is not empty, then with all that is in it"):
        refused(lambda: trino(f"DROP SCHEMA {db}_at"), "non-empty")
        trino(f"DROP SCHEMA {db}_at CASCADE")
        lacks(first(trino("SHOW SCHEMAS")), f"{db}_at")
    with step("a schema that is not there"):
        refused(lambda: trino("DROP SCHEMA no_such_schema"), "does not exist")
        trino("DROP SCHEMA IF EXISTS no_such_schema")
        refused(lambda: trino("SHOW TABLES FROM no_such_schema"), "does not exist")
        refused(lambda: trino("CREATE TABLE no_such_schema.t (x int)"), "not found", "does not exist")


def tables(trino, db):
    with step("create a table with comments"):
        trino(
            "CREATE TABLE plain (id integer COMMENT 'the id', name varchar COMMENT 'наименование') COMMENT 'first' WITH (auto_purge = true)"
        )
        trino("INSERT INTO plain VALUES (1, 'one'), (2, NULL)")
        equal(trino("SELECT * FROM plain ORDER BY id"), [(1, "one"), (2, None)])
        contains(trino("SHOW CREATE TABLE plain")[0][0], "COMMENT 'first'", "COMMENT 'the id'", "format = 'ORC'", "auto_purge = true")
        equal([row[3] for row in trino("DESCRIBE plain")], ["the id", "наименование"])
    for fmt in ("ORC", "PARQUET", "AVRO", "RCBINARY", "RCTEXT", "SEQUENCEFILE", "JSON", "OPENX_JSON", "TEXTFILE", "CSV"):
        with step(f"a table stored as {fmt}"):
            kind = "varchar" if fmt == "CSV" else "bigint"
            trino(f"CREATE TABLE as_{fmt} (id {kind}, name varchar) WITH (format = '{fmt}')")
            trino(f"INSERT INTO as_{fmt} VALUES (CAST(1 AS {kind}), 'a'), (CAST(2 AS {kind}), 'b')")
            equal(trino(f"SELECT count(*), max(name) FROM as_{fmt}"), [(2, "b")])
            contains(trino(f"SHOW CREATE TABLE as_{fmt}")[0][0], f"format = '{fmt}'")
    with step("a table of every type"):
        trino(
            "CREATE TABLE every_type (bo boolean, ti tinyint, sm smallint, i integer, bi bigint, f real, d double, de decimal(38,10), s varchar,"
            " c char(5), v varchar(10), bin varbinary, da date, ts timestamp(3), ar array(integer), ma map(varchar, array(double)),"
            " st row(a integer, b row(c varchar, d array(row(e date)))))"
        )
        trino(
            "INSERT INTO every_type VALUES (true, TINYINT '1', SMALLINT '2', 3, 4, REAL '1.5', 2.5E0,"
            " DECIMAL '12345678901234567890.0123456789', 'text', 'ch', 'var', X'00FF', DATE '2024-02-29', TIMESTAMP '2024-02-29 12:34:56.123',"
            " ARRAY[1, NULL], MAP(ARRAY['k'], ARRAY[ARRAY[1.0E0]]), ROW(1, ROW('x', ARRAY[ROW(DATE '2024-01-01')])))"
        )
        trino(f"INSERT INTO every_type VALUES ({', '.join(['NULL'] * 17)})")
        row = trino("SELECT * FROM every_type WHERE bo")[0]
        equal(row[:11], (True, 1, 2, 3, 4, 1.5, 2.5, decimal.Decimal("12345678901234567890.0123456789"), "text", "ch   ", "var"))
        equal(row[11:14], (b"\x00\xff", datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56, 123000)))
        equal(trino("SELECT st.b.d[1].e FROM every_type WHERE bo"), [(datetime.date(2024, 1, 1),)])
        contains(
            dict((row[0], row[1]) for row in trino("DESCRIBE every_type"))["st"], "row(a integer, b row(c varchar, d array(row(e date))))"
        )
    with step("create a table as a query's result"):
        trino("CREATE TABLE made COMMENT 'of tpch' AS SELECT nationkey, name, regionkey FROM tpch.tiny.nation")
        equal(trino("SELECT count(*), max(name) FROM made"), [(25, "VIETNAM")])
        trino("CREATE TABLE IF NOT EXISTS made AS SELECT 1 AS x")
        equal(first(trino("DESCRIBE made")), ["nationkey", "name", "regionkey"])
        trino("CREATE TABLE hollow AS SELECT * FROM made WITH NO DATA")
        equal(trino("SELECT count(*) FROM hollow"), [(0,)])
    with step("create a table like another"):
        trino("CREATE TABLE alike (LIKE made INCLUDING PROPERTIES, extra double)")
        equal(first(trino("DESCRIBE alike")), ["nationkey", "name", "regionkey", "extra"])
    with step("a bucketed and sorted table"):
        trino(
            "CREATE TABLE bucketed (id integer, name varchar) WITH (bucketed_by = ARRAY['id'], bucket_count = 4, sorted_by = ARRAY['name DESC'])"
        )
        trino("INSERT INTO bucketed SELECT CAST(nationkey AS integer), name FROM made")
        contains(trino("SHOW CREATE TABLE bucketed")[0][0], "bucket_count = 4", "bucketed_by = ARRAY['id']", "name DESC")
        equal(trino("SELECT name FROM bucketed WHERE id = 7"), [("GERMANY",)])
        equal(trino('SELECT count(DISTINCT "$bucket") FROM bucketed'), [(4,)])
    with step("text and CSV properties"):
        trino("CREATE TABLE piped (a varchar, b varchar) WITH (format = 'TEXTFILE', textfile_field_separator = '|', null_format = 'NIL')")
        trino("INSERT INTO piped VALUES ('x', NULL)")
        equal(trino("SELECT * FROM piped"), [("x", None)])
        contains(trino("SHOW CREATE TABLE piped")[0][0], "textfile_field_separator = '|'", "null_format = 'NIL'")
        trino("CREATE TABLE quoted (a varchar, b varchar) WITH (format = 'CSV', csv_separator = ';', skip_header_line_count = 1)")
        contains(trino("SHOW CREATE TABLE quoted")[0][0], "csv_separator = ';'", "skip_header_line_count = 1")
    with step("an external table is read and its files stay"):
        place = f"{SCRATCH}/{db}_external"
        os.makedirs(place)
        with open(f"{place}/rows.csv", "w") as file:
            file.write("a,1\nb,2\n")
        trino(f"CREATE TABLE outside (k varchar, v varchar) WITH (format = 'CSV', external_location = 'file://{place}')")
        equal(trino("SELECT * FROM outside ORDER BY k"), [("a", "1"), ("b", "2")])
        contains(trino("SHOW CREATE TABLE outside")[0][0], "external_location")
        refused(lambda: trino("INSERT INTO outside VALUES ('c', '3')"), "non-managed")
        trino("DROP TABLE outside")
        equal(os.path.exists(f"{place}/rows.csv"), True)
    with step("many inserts at the same time"):
        trino("CREATE TABLE busy (id integer, worker integer)")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: Trino("hive", db)(f"INSERT INTO busy VALUES ({i}, {i % 3})"), range(24)))
        equal(trino("SELECT count(*), sum(id) FROM busy"), [(24, 276)])
    with step("create an existing table"):
        refused(lambda: trino("CREATE TABLE plain (x integer)"), "already exists")
    with step("a table that is not there"):
        refused(lambda: trino("SELECT * FROM no_such_table"), "does not exist")
        refused(lambda: trino("DROP TABLE no_such_table"), "does not exist")
        trino("DROP TABLE IF EXISTS no_such_table")


def alter(trino, db):
    with step("add, rename and drop columns"):
        trino("ALTER TABLE alike ADD COLUMN tags array(varchar)")
        trino("ALTER TABLE alike RENAME COLUMN extra TO more")
        equal(first(trino("DESCRIBE alike")), ["nationkey", "name", "regionkey", "more", "tags"])
        trino("INSERT INTO alike VALUES (1, 'x', 2, 0.5, ARRAY['t'])")
        equal(trino("SELECT more, tags FROM alike"), [(0.5, ["t"])])
        trino("ALTER TABLE alike DROP COLUMN tags")
        equal(first(trino("DESCRIBE alike")), ["nationkey", "name", "regionkey", "more"])
    with step("add a column that is there, drop one that is not"):
        refused(lambda: trino("ALTER TABLE alike ADD COLUMN name integer"), "already exists")
        trino("ALTER TABLE alike ADD COLUMN IF NOT EXISTS name integer")
        refused(lambda: trino("ALTER TABLE alike DROP COLUMN nothing"), "does not exist")
    with step("comment on tables and columns, and take comments away"):
        trino("COMMENT ON TABLE plain IS 'changed'")
        trino("COMMENT ON COLUMN plain.name IS 'имя'")
        contains(trino("SHOW CREATE TABLE plain")[0][0], "COMMENT 'changed'", "COMMENT 'имя'")
        trino("COMMENT ON TABLE plain IS NULL")
        lacks(trino("SHOW CREATE TABLE plain")[0][0], "changed")
    if OVER_GLUE:
        with step("Trino renames no tables over Glue"):
            refused(lambda: trino("ALTER TABLE alike RENAME TO renamed"), "not supported")
    else:
        with step("rename a table"):
            trino("ALTER TABLE alike RENAME TO renamed")
            equal(trino("SELECT more FROM renamed"), [(0.5,)])
            lacks(first(trino("SHOW TABLES")), "alike")
            refused(lambda: trino("ALTER TABLE renamed RENAME TO plain"), "already exists")
        with step("move a table to another schema"):
            trino(f"CREATE SCHEMA {db}_2")
            trino(f"ALTER TABLE renamed RENAME TO {db}_2.moved")
            equal(trino(f"SELECT more FROM {db}_2.moved"), [(0.5,)])
            trino(f"DROP SCHEMA {db}_2 CASCADE")
    with step("change a table's owner"):
        trino("ALTER TABLE plain SET AUTHORIZATION alice")
        equal(trino("SELECT count(*) FROM plain"), [(2,)])
    with step("show a table's stored properties"):
        contains(first(trino('DESCRIBE "plain$properties"')), "auto.purge", "trino_version" if OVER_GLUE else "transient_lastddltime")
    with step("delete all rows of a table"):
        trino("DELETE FROM busy")
        equal(trino("SELECT count(*) FROM busy"), [(0,)])


def statistics(trino):
    with step("statistics are gathered while a table is made"):
        stats = statistics_of(trino, "made")
        equal(stats[None], 25)
        equal(stats["regionkey"], (None, 5, 0, "0", "4"))
        equal(stats["name"][:3], (177, 25, 0))
    with step("statistics of every type"):
        stats = statistics_of(trino, "every_type")
        equal(stats[None], 2)
        for column, value in (
            ("ti", "1"),
            ("sm", "2"),
            ("i", "3"),
            ("bi", "4"),
            ("f", "1.5"),
            ("d", "2.5"),
            ("da", "2024-02-29"),
            ("de", "1.2345678901234567E19"),
        ):
            equal((column, *stats[column][1:]), (column, 1, 0.5, value, value))
        # Glue has no statistics of times.
        for column in ("bo", "s", "c", "v", *([] if OVER_GLUE else ["ts"])):
            equal((column, *stats[column][1:3]), (column, 1, 0.5))
        equal(stats["bin"][2], 0.5)
    with step("inserts add to the statistics"):
        trino("INSERT INTO made VALUES (99, 'NOWHERE', 7)")
        stats = statistics_of(trino, "made")
        equal((stats[None], stats["nationkey"][3:], stats["regionkey"][4]), (26, ("0", "99"), "7"))
    with step("drop statistics, then analyze"):
        trino(f"CALL system.drop_stats('{trino.connection.schema}', 'made')")
        equal(statistics_of(trino, "made")["regionkey"], (None, None, None, None, None))
        trino("ANALYZE made")
        equal(statistics_of(trino, "made")["regionkey"], (None, 6, 0, "0", "7"))
    with step("analyze some columns only"):
        trino(f"CALL system.drop_stats('{trino.connection.schema}', 'made')")
        trino("ANALYZE made WITH (columns = ARRAY['name'])")
        stats = statistics_of(trino, "made")
        equal((stats["name"][1], stats["regionkey"][1]), (26, None))
    with step("statistics of an empty table"):
        equal(statistics_of(trino, "hollow")[None], 0)
    with step("statistics survive a column's rename and a table's"):
        trino("CREATE TABLE counted AS SELECT 7 AS a, 'x' AS b")
        if not OVER_GLUE:
            trino("ALTER TABLE counted RENAME TO counted_2")
            equal(statistics_of(trino, "counted_2")["a"], (None, 1, 0, "7", "7"))
            trino("ALTER TABLE counted_2 RENAME TO counted")
        trino("ALTER TABLE counted RENAME COLUMN b TO c")
        equal(statistics_of(trino, "counted")["a"], (None, 1, 0, "7", "7"))


def listing(trino, db):
    with step("list tables"):
        contains(first(trino("SHOW TABLES")), "plain", "made", "every_type", "busy")
        equal(sorted(first(trino("SHOW TABLES LIKE 'as_rc%'"))), ["as_rcbinary", "as_rctext"])
    with step("the information schema"):
        contains(
            trino(f"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = '{db}'"),
            ("plain", "BASE TABLE"),
            ("bucketed", "BASE TABLE"),
        )
        equal(
            trino(f"SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = '{db}' AND table_name = 'made'"),
            [("nationkey", "bigint"), ("name", "varchar(25)"), ("regionkey", "bigint")],
        )
    with step("comments of all tables"):
        contains(
            trino(
                f"SELECT table_name, comment FROM system.metadata.table_comments WHERE catalog_name = '{trino.catalog}' AND schema_name = '{db}'"
            ),
            ("made", "of tpch"),
            ("busy", None),
        )
    with step("columns of all tables"):
        contains(
            trino(f"SELECT table_name, column_name FROM system.jdbc.columns WHERE table_cat = '{trino.catalog}' AND table_schem = '{db}'"),
            ("plain", "id"),
        )


def views(trino, db):
    with step("create and read a view"):
        trino("CREATE VIEW seen COMMENT 'a view' AS SELECT id, upper(name) AS name FROM plain WHERE id < 10")
        equal(trino("SELECT * FROM seen ORDER BY id"), [(1, "ONE"), (2, None)])
        contains(trino("SHOW CREATE VIEW seen")[0][0], "upper(name)", "SECURITY DEFINER", "COMMENT 'a view'")
    with step("create an existing view, and replace it"):
        refused(lambda: trino("CREATE VIEW seen AS SELECT 1 AS x"), "already exists")
        trino("CREATE OR REPLACE VIEW seen SECURITY INVOKER AS SELECT id + 100 AS number FROM plain")
        equal(trino("SELECT number FROM seen ORDER BY 1"), [(101,), (102,)])
    with step("a view over a view"):
        trino("CREATE VIEW seen_2 AS SELECT s.number, m.name FROM seen s JOIN made m ON s.number = m.nationkey + 100")
        equal(trino("SELECT name FROM seen_2 ORDER BY 1"), [("ARGENTINA",), ("BRAZIL",)])
    with step("comment on a view and its column"):
        trino("COMMENT ON VIEW seen IS 'changed'")
        trino("COMMENT ON COLUMN seen.number IS 'n'")
        contains(trino("SHOW CREATE VIEW seen")[0][0], "changed")
        equal(trino("DESCRIBE seen")[0][3], "n")
    with step("list views"):
        equal(sorted(first(trino(f"SELECT table_name FROM information_schema.views WHERE table_schema = '{db}'"))), ["seen", "seen_2"])
        contains(
            trino(f"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = '{db}'"),
            ("seen", "VIEW"),
            ("made", "BASE TABLE"),
        )
    with step("rename and drop a view"):
        trino("ALTER VIEW seen_2 RENAME TO seen_3")
        equal(trino("SELECT count(*) FROM seen_3"), [(2,)])
        refused(lambda: trino("DROP TABLE seen_3"), "view")
        refused(lambda: trino("DROP VIEW plain"), "not exist", "table")
        trino("DROP VIEW seen_3")
        refused(lambda: trino("SELECT * FROM seen_3"), "does not exist")


def functions(trino, db):
    with step("create and call functions"):
        trino(f"CREATE FUNCTION {trino.catalog}.{db}.twice(x bigint) RETURNS bigint COMMENT 'x and x' RETURN x * 2")
        trino(f"CREATE FUNCTION {trino.catalog}.{db}.twice(x varchar) RETURNS varchar RETURN x || x")
        equal(trino(f"SELECT {trino.catalog}.{db}.twice(21), {trino.catalog}.{db}.twice('ab')"), [(42, "abab")])
    with step("list functions"):
        equal(sorted(row[2] for row in trino(f"SHOW FUNCTIONS FROM {trino.catalog}.{db}")), ["bigint", "varchar"])
        contains(trino(f"SHOW CREATE FUNCTION {trino.catalog}.{db}.twice")[0][0], "twice")
    with step("create an existing function, and replace it"):
        refused(lambda: trino(f"CREATE FUNCTION {trino.catalog}.{db}.twice(x bigint) RETURNS bigint RETURN x"), "already exists")
        trino(f"CREATE OR REPLACE FUNCTION {trino.catalog}.{db}.twice(x bigint) RETURNS bigint RETURN x + x + 1")
        equal(trino(f"SELECT {trino.catalog}.{db}.twice(21)"), [(43,)])
    with step("drop functions"):
        trino(f"DROP FUNCTION {trino.catalog}.{db}.twice(bigint)")
        trino(f"DROP FUNCTION {trino.catalog}.{db}.twice(varchar)")
        refused(lambda: trino(f"DROP FUNCTION {trino.catalog}.{db}.twice(bigint)"), "not found", "does not exist")
        equal(trino(f"SHOW FUNCTIONS FROM {trino.catalog}.{db}"), [])


def drops(trino, db):
    with step("drop a table: its folder goes"):
        folder = trino('SELECT "$path" FROM made LIMIT 1')[0][0].removeprefix("file:").rsplit("/", 1)[0]
        equal(os.path.isdir(folder), True)
        trino("DROP TABLE made")
        equal(os.path.exists(folder), False)
        lacks(first(trino("SHOW TABLES")), "made")
    with step("rename a schema that is in use"):
        if OVER_GLUE:
            trino(f"ALTER SCHEMA {db} RENAME TO {db}_new")
            contains(first(trino(f"SHOW TABLES FROM {db}_new")), "plain")
            trino(f"ALTER SCHEMA {db}_new RENAME TO {db}")
        else:
            refused(lambda: trino(f"ALTER SCHEMA {db} RENAME TO {db}_new"), "rename", "support", "hive")
    with step("drop the schema with all that is in it"):
        trino(f"DROP SCHEMA {db} CASCADE")
        lacks(first(trino("SHOW SCHEMAS")), db)
