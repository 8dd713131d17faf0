"""Sessions of the engines against the metastore under test. The harness names it, and everything else, in variables:

METASTORE_URI   thrift://HOST:PORT; empty in a workload that Glue alone is for
AWS_…           where the Glue API is and with which key, as Amazon's clients read it, for the workloads that use it
SCRATCH         an empty folder for tables' and databases' own locations
TRINO_PORT      where Trino listens, for the workloads that use it
TRINO_CATALOGS  what Trino's catalogs' names begin with; unset: nothing, which are those over Thrift
IVY_DIR         where Spark keeps what it gets from Maven
HIVE_CLIENT     version of the metastore client that Spark gets from Maven; unset: the one Spark comes with
ICEBERG_JAR     Iceberg's runtime for Spark, for the workloads that use it
S3_ENDPOINT     the store that the warehouse lies on, for the workload on S3
"""

import os
import time
import uuid
from contextlib import contextmanager
from urllib.parse import urlparse

METASTORE_URI = os.environ["METASTORE_URI"]
SCRATCH = os.environ["SCRATCH"]
HIVE_CLIENT = os.environ.get("HIVE_CLIENT")
ICEBERG_JAR = os.environ.get("ICEBERG_JAR")
GLUE_ENDPOINT = os.environ.get("AWS_ENDPOINT_URL_GLUE")
OVER_GLUE = "TRINO_CATALOGS" in os.environ
CATALOGS = {connector: os.environ.get("TRINO_CATALOGS", "") + connector for connector in ("hive", "iceberg", "delta")}


def unique(name):
    """A name no other run uses: the metastore may be shared and keep what it has."""
    return f"{name}_{uuid.uuid4().hex[:8]}"


def path(url):
    """The path of file:/a, file://a or file:///a."""
    return "/" + url.removeprefix("file:").lstrip("/")


def spark_session(settings=()):
    from pyspark.sql import SparkSession

    builder = (
        SparkSession.builder.master("local[2]")
        .appName("compat-tests")
        .enableHiveSupport()
        .config("spark.driver.memory", "1g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", f"file://{SCRATCH}/spark-warehouse")
        .config("spark.driver.extraJavaOptions", f"-Divy.home={os.environ['IVY_DIR']} -Djava.io.tmpdir={SCRATCH}")
        .config("spark.hadoop.hive.metastore.uris", METASTORE_URI)
        .config("spark.hadoop.hive.exec.dynamic.partition.mode", "nonstrict")
    )
    if HIVE_CLIENT:
        builder.config("spark.sql.hive.metastore.version", HIVE_CLIENT)
        builder.config("spark.sql.hive.metastore.jars", "maven")
    if ICEBERG_JAR:
        builder.config("spark.jars", ICEBERG_JAR)
        builder.config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        builder.config("spark.sql.catalog.ice", "org.apache.iceberg.spark.SparkCatalog")
        builder.config("spark.sql.catalog.ice.type", "hive")
        builder.config("spark.sql.catalog.ice.uri", METASTORE_URI)
    for key, value in settings:
        builder.config(key, value)
    return builder.getOrCreate()


class Trino:
    """One user's session in one of Trino's catalogs, with a role in it if one is named."""

    def __init__(self, catalog, schema=None, user="admin", role=None, **properties):
        from trino.dbapi import connect

        catalog = CATALOGS.get(catalog, catalog)
        self.catalog = catalog
        self.connection = connect(
            host="127.0.0.1",
            port=int(os.environ["TRINO_PORT"]),
            user=user,
            catalog=catalog,
            schema=schema,
            roles={catalog: role} if role else None,
            session_properties={f"{catalog}.{name}": value for name, value in properties.items()},
        )

    def __call__(self, statement):
        """Runs a statement to its end; its rows as tuples."""
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def wait_for_trino():
    """Trino accepts statements some seconds before it has nodes to run them."""
    from trino.exceptions import TrinoQueryError

    for _ in range(60):
        try:
            return Trino("tpch")("SELECT count(*) FROM tpch.tiny.region")
        except TrinoQueryError as error:
            if error.error_name != "NO_NODES_AVAILABLE":
                raise
            time.sleep(1)


def iceberg_catalog():
    """PyIceberg's catalog over Glue in a workload that is told of Glue, and over Thrift in others."""
    warehouse = f"file://{SCRATCH}/pyiceberg-warehouse"
    if GLUE_ENDPOINT:
        from pyiceberg.catalog.glue import GlueCatalog

        return GlueCatalog("glue", **{"glue.endpoint": GLUE_ENDPOINT, "warehouse": warehouse})
    from pyiceberg.catalog.hive import HiveCatalog

    return HiveCatalog("metastore", uri=METASTORE_URI, warehouse=warehouse)


def glue():
    """boto3's client."""
    import boto3

    return boto3.client("glue", endpoint_url=GLUE_ENDPOINT)


def s3_files():
    from pyarrow.fs import S3FileSystem

    return S3FileSystem(access_key="key", secret_key="secret", endpoint_override=os.environ["S3_ENDPOINT"], region="us-east-1")


def s3_catalog():
    from pyiceberg.catalog.hive import HiveCatalog

    keys = {"s3.access-key-id": "key", "s3.secret-access-key": "secret", "s3.region": "us-east-1"}
    return HiveCatalog("metastore", uri=METASTORE_URI, **keys, **{"s3.endpoint": os.environ["S3_ENDPOINT"]})


@contextmanager
def metastore():
    """The plain Thrift client, for what no engine can say."""
    from hive_metastore.ThriftHiveMetastore import Client
    from thrift.protocol import TBinaryProtocol
    from thrift.transport import TSocket, TTransport

    address = urlparse(METASTORE_URI)
    transport = TTransport.TBufferedTransport(TSocket.TSocket(address.hostname, address.port))
    transport.open()
    try:
        yield Client(TBinaryProtocol.TBinaryProtocol(transport))
    finally:
        transport.close()
