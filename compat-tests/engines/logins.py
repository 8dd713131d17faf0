"""Spark on a metastore that asks for a login, which HADOOP_SETTINGS says how to do.

HADOOP_SETTINGS     settings of Hadoop and of Hive's client, as JSON
KERBEROS_PRINCIPAL  who Spark logs in as, with the key in KERBEROS_KEYTAB; unset: it has no ticket
REFUSED             set where the login has to fail
"""

import json
import os
from pathlib import Path
from xml.sax.saxutils import escape

from clients import SCRATCH, spark_session, unique
from steps import contains, equal, finish, refused, step

hadoop = json.loads(os.environ["HADOOP_SETTINGS"])
settings = [(f"spark.hadoop.{key}", value) for key, value in hadoop.items()]
if "KERBEROS_PRINCIPAL" in os.environ:
    settings += [(f"spark.kerberos.{key}", os.environ[f"KERBEROS_{key.upper()}"]) for key in ("principal", "keytab")]
    # Hadoop logs in before it is told of Spark's settings.
    folder = Path(SCRATCH, "hadoop")
    folder.mkdir()
    properties = (f"<property><name>{escape(k)}</name><value>{escape(v)}</value></property>" for k, v in hadoop.items())
    folder.joinpath("core-site.xml").write_text(f"<configuration>{''.join(properties)}</configuration>")
    os.environ["HADOOP_CONF_DIR"] = str(folder)
spark = spark_session(settings)


def log_in():
    try:
        spark.sql("SHOW DATABASES").collect()
    except Exception as error:
        # PySpark cannot always say what the JVM said: then that is what it failed over.
        raise RuntimeError(f"{error} {error.__context__}") from error


if "REFUSED" in os.environ:
    with step("a login with a wrong password is refused"):
        refused(log_in, "Error validating the login")
else:
    name = unique("logins")
    with step("a table is made, written and read"):
        spark.sql(f"CREATE DATABASE {name}")
        spark.sql(f"CREATE TABLE {name}.t (a INT) PARTITIONED BY (day STRING) STORED AS PARQUET")
        spark.sql(f"INSERT INTO {name}.t PARTITION (day) SELECT id, CAST(id % 3 AS STRING) FROM range(9)")
        equal(spark.sql(f"SELECT count(*) FROM {name}.t WHERE day = '1'").collect()[0][0], 3)
    if "KERBEROS_PRINCIPAL" in os.environ:
        with step("a delegation token logs in in place of the ticket"):
            jvm = spark._jvm
            Client = jvm.org.apache.hadoop.hive.metastore.HiveMetaStoreClient
            conf = jvm.org.apache.hadoop.hive.conf.HiveConf(spark._jsc.hadoopConfiguration(), jvm.java.lang.Class.forName("org.apache.hadoop.hive.conf.HiveConf"))
            client = Client(conf)
            user = os.environ["KERBEROS_PRINCIPAL"].split("@")[0]
            text = client.getDelegationToken(user, user)
            token = jvm.org.apache.hadoop.security.token.Token()
            token.decodeFromUrlString(text)
            token.setService(jvm.org.apache.hadoop.io.Text("compat"))
            jvm.org.apache.hadoop.security.UserGroupInformation.getCurrentUser().addToken(token)
            conf.set("hive.metastore.token.signature", "compat")
            by_token = Client(conf)
            contains(by_token.getAllDatabases(), name)
            equal(by_token.getTable(name, "t").getOwner(), user)
            # Only who did not log in by a token gets one: this shows how it was.
            refused(lambda: by_token.getDelegationToken(user, user), "by who logged in with one")
            client.cancelDelegationToken(text)
            by_token.close()
            refused(lambda: Client(conf), "expired or does not exist")
            client.close()
    with step("all is listed and dropped"):
        contains([row[0] for row in spark.sql("SHOW DATABASES").collect()], name)
        spark.sql(f"DROP DATABASE {name} CASCADE")
spark.stop()
finish()
