"""Spark SQL on the metastore, by the client of HIVE_CLIENT."""

import spark_partitions
import spark_tables
from clients import spark_session
from steps import finish

spark = spark_session()
spark_tables.run(spark)
spark_partitions.run(spark)
spark.stop()
finish()
