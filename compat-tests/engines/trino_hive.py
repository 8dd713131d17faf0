"""Trino's Hive connector with plain settings."""

import trino_partitions
import trino_tables
from clients import wait_for_trino
from steps import finish

wait_for_trino()
trino_tables.run()
trino_partitions.run()
finish()
