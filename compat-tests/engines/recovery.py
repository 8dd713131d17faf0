"""The metastore is killed in the middle of engines' work and started again: what was answered is there, and work goes on.

`kill_metastore` asks whoever runs this file to kill and restart it; each time four writers are at work.
"""

import threading
import time
from collections import Counter

import pyarrow as pa
from hive_metastore.ttypes import FieldSchema, Partition, SerDeInfo, StorageDescriptor
from pyiceberg.schema import Schema
from pyiceberg.types import IntegerType, NestedField

from clients import Trino, iceberg_catalog, metastore, spark_session, unique, wait_for_trino
from spark_tables import rows
from steps import all_passed, contains, equal, finish, step
from trino_tables import first, statistics_of

wait_for_trino()
db = unique("recovery")
spark = spark_session()
catalog = iceberg_catalog()


def kill_metastore():
    print("@kill-metastore", flush=True)
    input()


def descriptor(location):
    serde = SerDeInfo(serializationLib="org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", parameters={})
    return StorageDescriptor(
        cols=[FieldSchema("id", "int", None)],
        location=location,
        inputFormat="org.apache.hadoop.mapred.TextInputFormat",
        outputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        numBuckets=-1,
        serdeInfo=serde,
        bucketCols=[],
        sortCols=[],
        parameters={},
    )


class Writer(threading.Thread):
    """Does `act(0)`, `act(1)`, … until told to stop; remembers which of them were answered and which were not."""

    def __init__(self, act):
        super().__init__(daemon=True)
        self.act = act
        self.stopping = threading.Event()
        self.answered = []
        self.unanswered = []
        self.start()

    def run(self):
        i = 0
        while not self.stopping.is_set():
            try:
                self.act(i)
                self.answered.append(i)
            except Exception:
                self.unanswered.append(i)
                time.sleep(0.2)
            i += 1

    def stop(self):
        self.stopping.set()
        self.join()

    def work(self, count):
        """Waits until `count` more calls were answered."""
        goal = len(self.answered) + count
        for _ in range(600):
            if len(self.answered) >= goal:
                return
            time.sleep(0.2)
        raise AssertionError(f"no answer in two minutes to call {len(self.answered) + len(self.unanswered)}")

    def check(self, found):
        """All that was answered is in `found`, and nothing is that was never asked for."""
        contains(found, *self.answered)
        contains(self.answered + self.unanswered, *found)


with step("set up tables of every kind"):
    spark.sql(f"CREATE DATABASE {db} COMMENT 'before' WITH DBPROPERTIES ('k' = 'v')")
    spark.sql(f"USE {db}")
    trino, ice = Trino("hive", db), Trino("iceberg", db)
    trino("CREATE TABLE nations AS SELECT * FROM tpch.tiny.nation")
    spark.sql("CREATE TABLE days (id INT) PARTITIONED BY (dt STRING) STORED AS PARQUET")
    spark.sql("INSERT INTO days SELECT id, concat('d', id) FROM range(50)")
    spark.sql("CREATE VIEW some_days AS SELECT * FROM days WHERE dt LIKE 'd1%'")
    spark.sql("CREATE TABLE raw (id INT) PARTITIONED BY (batch INT, n INT) STORED AS TEXTFILE")
    spark.sql("CREATE FUNCTION to_hex AS 'org.apache.hadoop.hive.ql.udf.UDFHex'")
    ice("CREATE TABLE events AS SELECT 1 AS id")
    location = catalog.load_namespace_properties(db)["location"]
if not all_passed():
    finish()


def check_the_old():
    equal(rows(spark, "SELECT count(*) FROM some_days"), [(11,)])
    equal(rows(spark, "SELECT id FROM days WHERE dt = 'd7'"), [(7,)])
    equal(rows(spark, "SELECT to_hex(255)"), [("FF",)])
    stats = statistics_of(trino, "nations")
    equal((stats[None], stats["regionkey"][1:]), (25, (5, 0, "0", "4")))
    equal(ice("SELECT id FROM events"), [(1,)])
    contains(catalog.load_namespace_properties(db).items(), ("k", "v"), ("comment", "before"))


def add_batch(batch):
    """One call that adds 50 partitions: all of them or none."""
    with metastore() as client:
        parts = [
            Partition(values=[str(batch), str(n)], dbName=db, tableName="raw", sd=descriptor(f"{location}/raw/{batch}/{n}"), parameters={})
            for n in range(50)
        ]
        client.add_partitions(parts)


def commit(name, number):
    """A table for each commit: a writer that is cut off may leave its table locked until the lock expires."""
    table = catalog.create_table(f"{db}.{name}", Schema(NestedField(1, "id", IntegerType())))
    table.append(pa.table({"id": pa.array([number], pa.int32())}))


for turn in range(3):
    with step(f"kill {turn}: engines write before, while and after the metastore is killed"):
        writers = {
            "spark": Writer(lambda i: spark.sql(f"CREATE TABLE {db}.spark_{turn}_{i} (id INT) STORED AS ORC")),
            "trino": Writer(lambda i: trino(f"CREATE TABLE trino_{turn}_{i} AS SELECT {i} AS id")),
            "iceberg": Writer(lambda i: commit(f"iceberg_{turn}_{i}", i)),
            "partitions": Writer(lambda i: add_batch(turn * 1000 + i)),
        }
        for writer in writers.values():
            writer.work(2)
        kill_metastore()
        for writer in writers.values():
            writer.work(2)
    for writer in writers.values():
        writer.stop()
    with step(f"kill {turn}: tables that were answered are there"):
        tables = [row[1] for row in rows(spark, f"SHOW TABLES IN {db}")]
        for name in ("spark", "trino", "iceberg"):
            prefix = f"{name}_{turn}_"
            writers[name].check([int(table.removeprefix(prefix)) for table in tables if table.startswith(prefix)])
        for i in writers["trino"].answered:
            equal(trino(f"SELECT id FROM trino_{turn}_{i}"), [(i,)])
    with step(f"kill {turn}: Iceberg commits that were answered are there"):
        for i in writers["iceberg"].answered:
            equal(catalog.load_table(f"{db}.iceberg_{turn}_{i}").scan().to_arrow()["id"].to_pylist(), [i])
    with step(f"kill {turn}: batches of partitions are there whole or not at all"):
        counts = Counter(int(name.split("/")[0].removeprefix("batch=")) for (name,) in rows(spark, f"SHOW PARTITIONS {db}.raw"))
        equal({batch: count for batch, count in counts.items() if count != 50}, {})
        writers["partitions"].check([batch - turn * 1000 for batch in counts if batch // 1000 == turn])
    with step(f"kill {turn}: everything from before is there"):
        check_the_old()
with step("work goes on"):
    spark.sql("INSERT INTO days VALUES (100, 'd100')")
    equal(rows(spark, "SELECT count(*) FROM some_days"), [(12,)])
    trino("INSERT INTO nations SELECT * FROM nations")
    equal(statistics_of(trino, "nations")[None], 50)
    ice("ALTER TABLE events ADD COLUMN more varchar")
    contains(first(ice("DESCRIBE events")), "more")
with step("drop the database with all that is in it"):
    spark.sql("USE default")
    spark.sql(f"DROP DATABASE {db} CASCADE")
    equal(catalog.namespace_exists(db), False)
spark.stop()
finish()
