"""The metastore is killed in the middle of engines' work and started again: what was answered is there, and work goes on.

`kill_metastore` asks whoever runs this file to kill and restart it. Each round kills it while four writers work.
"""

import threading
import time

import pyarrow as pa
from clients import Trino, iceberg_catalog, metastore, spark_session, unique
from hive_metastore.ttypes import FieldSchema, Partition, SerDeInfo, StorageDescriptor
from pyiceberg.schema import Schema
from pyiceberg.types import IntegerType, NestedField
from spark_tables import rows
from steps import contains, equal, finish, step
from trino_tables import first, statistics_of

db = unique("recovery")
spark = spark_session()
catalog = iceberg_catalog()
ROUNDS = 3


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
    catalog.create_table(f"{db}.commits", Schema(NestedField(1, "id", IntegerType())))
    location = catalog.load_namespace_properties(db)["location"]


def check_the_old():
    equal(rows(spark, "SELECT count(*) FROM some_days"), [(11,)])
    equal(rows(spark, "SELECT id FROM days WHERE dt = 'd7'"), [(7,)])
    equal(rows(spark, "SELECT to_hex(255)"), [("FF",)])
    stats = statistics_of(trino, "nations")
    equal((stats[None], stats["regionkey"][1:]), (25, (5, 0, "0", "4")))
    equal(ice("SELECT id FROM events"), [(1,)])
    contains(catalog.load_namespace_properties(db).items(), ("k", "v"), ("comment", "before"))


def add_batch(batch):
    """One call that adds 100 partitions: all of them or none."""
    with metastore() as client:
        parts = [
            Partition(values=[str(batch), str(n)], dbName=db, tableName="raw", sd=descriptor(f"{location}/raw/{batch}/{n}"), parameters={})
            for n in range(100)
        ]
        client.add_partitions(parts)


def commit(number):
    catalog.load_table(f"{db}.commits").append(pa.table({"id": pa.array([number], pa.int32())}))


for round in range(ROUNDS):
    with step(f"round {round}: kill the metastore while engines write"):
        writers = {
            "spark": Writer(lambda i: spark.sql(f"CREATE TABLE {db}.spark_{round}_{i} (id INT) STORED AS ORC")),
            "trino": Writer(lambda i: trino(f"CREATE TABLE trino_{round}_{i} AS SELECT {i} AS id")),
            "iceberg": Writer(lambda i: commit(round * 1000 + i)),
            "partitions": Writer(lambda i: add_batch(round * 1000 + i)),
        }
        time.sleep(4)
        kill_metastore()
        before = {name: len(writer.answered) for name, writer in writers.items()}
        time.sleep(4)
        for writer in writers.values():
            writer.stop()
    for name, writer in writers.items():
        with step(f"round {round}: {name} worked before and after"):
            equal((before[name] > 0, len(writer.answered) > before[name]), (True, True))
    with step(f"round {round}: tables that were answered are there"):
        tables = [row[1] for row in rows(spark, f"SHOW TABLES IN {db}")]
        for name in ("spark", "trino"):
            prefix = f"{name}_{round}_"
            writers[name].check([int(table.removeprefix(prefix)) for table in tables if table.startswith(prefix)])
        for i in writers["trino"].answered:
            equal(trino(f"SELECT id FROM trino_{round}_{i}"), [(i,)])
    with step(f"round {round}: Iceberg commits that were answered are there"):
        found = catalog.load_table(f"{db}.commits").scan().to_arrow()["id"].to_pylist()
        equal(len(found), len(set(found)))
        writers["iceberg"].check([number - round * 1000 for number in found if number // 1000 == round])
    with step(f"round {round}: batches of partitions are there whole or not at all"):
        counts = {}
        for name in rows(spark, f"SHOW PARTITIONS {db}.raw"):
            batch = int(name[0].split("/")[0].removeprefix("batch="))
            counts[batch] = counts.get(batch, 0) + 1
        equal({batch: count for batch, count in counts.items() if count != 100}, {})
        writers["partitions"].check([batch - round * 1000 for batch in counts if batch // 1000 == round])
    with step(f"round {round}: everything from before is there"):
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
