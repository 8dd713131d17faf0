"""Two processes commit to one table by Iceberg's HiveCatalog, with its locks and without: none of the commits is lost."""

import subprocess
import sys

from clients import metastore, spark_session, unique
from steps import equal, finish, step

COMMITS = 5


def write(table, locks, writer):
    """What one of the processes does: one row a commit."""
    spark = spark_session([("spark.hadoop.iceberg.engine.hive.lock-enabled", locks)])
    # The other one may be ready much later.
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(COMMITS):
        spark.sql(f"INSERT INTO ice.{table} VALUES ({writer}, {number})")
    spark.stop()


def locks_on(database):
    from hive_metastore.ttypes import ShowLocksRequest

    with metastore() as client:
        return client.show_locks(ShowLocksRequest(dbname=database)).locks or []


def check_locks(locks):
    db = unique("icelocks")
    spark.sql(f"CREATE NAMESPACE ice.{db}")
    # A commit that comes too late is made again, each time; what a table says of locks goes before the setting.
    spark.sql(
        f"CREATE TABLE ice.{db}.t (writer int, number int) TBLPROPERTIES "
        f"('engine.hive.lock-enabled' = '{locks}', 'commit.retry.num-retries' = '50', 'commit.retry.min-wait-ms' = '20')"
    )
    with step(f"two processes commit at the same time, locks {locks}"):
        command = [sys.executable, __file__, f"{db}.t", locks]
        writers = [
            subprocess.Popen([*command, str(writer)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for writer in range(2)
        ]
        for writer in writers:
            equal(writer.stdout.readline(), "ready\n")
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        equal([writer.wait(timeout=600) for writer in writers], [0, 0])
    with step(f"no commit is lost, locks {locks}"):
        spark.sql(f"REFRESH TABLE ice.{db}.t")
        rows = sorted(tuple(row) for row in spark.sql(f"SELECT writer, number FROM ice.{db}.t").collect())
        equal(rows, [(writer, number) for writer in range(2) for number in range(COMMITS)])
        equal(spark.sql(f"SELECT count(*) FROM ice.{db}.t.snapshots").collect()[0][0], 2 * COMMITS)
    with step(f"no lock is left, locks {locks}"):
        equal(locks_on(db), [])
    spark.sql(f"DROP TABLE ice.{db}.t PURGE")
    spark.sql(f"DROP NAMESPACE ice.{db}")


if len(sys.argv) > 1:
    write(*sys.argv[1:])
else:
    spark = spark_session()
    check_locks("true")
    check_locks("false")
    finish()
