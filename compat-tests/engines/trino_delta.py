"""Trino's Delta Lake connector on the Hive metastore."""

import os

from clients import SCRATCH, Trino, unique, wait_for_trino
from steps import contains, equal, finish, lacks, refused, step
from trino_tables import first

wait_for_trino()
db = unique("delta")
with step("create a schema"):
    Trino("delta")(f"CREATE SCHEMA {db}")
trino = Trino("delta", db)

with step("create a table"):
    trino("CREATE TABLE t (id integer COMMENT 'the id', v varchar, day date) COMMENT 'first' WITH (partitioned_by = ARRAY['day'])")
    equal(trino("SELECT id, v FROM t ORDER BY id"), [])
    contains(trino("SHOW CREATE TABLE t")[0][0], "COMMENT 'first'", "COMMENT 'the id'", "partitioned_by = ARRAY['day']")
with step("create a table as a query's result"):
    trino("CREATE TABLE nations WITH (partitioned_by = ARRAY['regionkey']) AS SELECT * FROM tpch.tiny.nation")
    equal(trino("SELECT count(*), max(name) FROM nations WHERE regionkey = 3"), [(5, "UNITED KINGDOM")])
with step("create an existing table, read one that is not there"):
    refused(lambda: trino("CREATE TABLE t (x integer)"), "already exists")
    refused(lambda: trino("SELECT * FROM no_such_table"), "does not exist")
with step("a table at its own location"):
    trino(f"CREATE TABLE placed WITH (location = 'file://{SCRATCH}/{db}_placed') AS SELECT 1 AS x")
    equal(os.path.isdir(f"{SCRATCH}/{db}_placed/_delta_log"), True)
with step("history and statistics"):
    equal(trino('SELECT version, operation FROM "nations$history"'), [(0, "CREATE TABLE AS SELECT")])
    equal([row[2] for row in trino("SHOW STATS FOR nations") if row[0] == "regionkey"], [5.0])
with step("unregister and register a table"):
    trino(f"CALL system.unregister_table('{db}', 'placed')")
    lacks(first(trino("SHOW TABLES")), "placed")
    trino(f"CALL system.register_table('{db}', 'placed', 'file://{SCRATCH}/{db}_placed')")
    equal(trino("SELECT x FROM placed"), [(1,)])
with step("views"):
    trino("CREATE VIEW seen AS SELECT name FROM nations")
    equal(trino("SELECT count(*) FROM seen"), [(25,)])
with step("rename a table"):
    trino("ALTER TABLE placed RENAME TO moved")
    equal(trino("SELECT x FROM moved"), [(1,)])
with step("the Hive connector knows a Delta table and does not read it"):
    refused(lambda: Trino("hive", db)("SELECT * FROM t"), "delta")
with step("list tables"):
    equal(sorted(first(trino("SHOW TABLES"))), ["moved", "nations", "seen", "t"])
    contains(trino(f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = '{db}'"), ("t", "day"))
with step("drop tables and the schema"):
    trino("DROP TABLE moved")
    trino(f"DROP SCHEMA {db} CASCADE")
    lacks(first(trino("SHOW SCHEMAS")), db)
finish()
