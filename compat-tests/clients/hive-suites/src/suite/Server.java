package suite;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf.ConfVars;

/** Where the server under test is, for the stand-ins of the suite's own helper classes. */
public final class Server {
  private Server() {}

  public static String uri() {
    return System.getProperty("suite.uri");
  }

  public static int port() {
    return Integer.parseInt(uri().substring(uri().lastIndexOf(':') + 1));
  }

  /** Points a configuration at the server and its warehouses; the port. */
  public static int use(Configuration conf) {
    MetastoreConf.setVar(conf, ConfVars.THRIFT_URIS, uri());
    MetastoreConf.setVar(conf, ConfVars.WAREHOUSE, System.getProperty("suite.warehouse"));
    setIfKnown(conf, "WAREHOUSE_EXTERNAL", System.getProperty("suite.warehouse.external"));
    return port();
  }

  /** For variables that only newer clients know. */
  public static void setIfKnown(Configuration conf, String variable, String value) {
    for (ConfVars known : ConfVars.values()) {
      if (known.name().equals(variable)) {
        conf.set(known.getVarname(), value);
      }
    }
  }
}
