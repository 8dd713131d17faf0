"""Trino's Hive connector with plain settings."""

import trino_partitions
import trino_tables
from steps import finish

trino_tables.run()
trino_partitions.run()
finish()
