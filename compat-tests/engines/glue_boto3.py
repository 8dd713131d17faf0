"""boto3's Glue client."""

import glue_partitions
import glue_registry
import glue_tables
from steps import finish

glue_tables.run()
glue_partitions.run()
glue_registry.run()
finish()
