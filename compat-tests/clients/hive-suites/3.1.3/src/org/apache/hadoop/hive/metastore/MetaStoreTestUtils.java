package org.apache.hadoop.hive.metastore;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;

import suite.Server;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf.ConfVars;
import org.apache.hadoop.hive.metastore.security.HadoopThriftAuthBridge;
import org.apache.thrift.TException;

/** What 4.0.1/src has for the tests of 4.0.1. */
public class MetaStoreTestUtils {
  public static final int RETRY_COUNT = 10;

  private static int given(Configuration conf) {
    return Server.use(conf == null ? MetastoreConf.newMetastoreConf() : conf);
  }

  public static void startMetaStore(int port, HadoopThriftAuthBridge bridge, Configuration conf) throws Exception {
    given(conf);
  }

  public static int startMetaStoreWithRetry() throws Exception {
    return given(null);
  }

  public static int startMetaStoreWithRetry(HadoopThriftAuthBridge bridge) throws Exception {
    return given(null);
  }

  public static int startMetaStoreWithRetry(Configuration conf) throws Exception {
    return given(conf);
  }

  public static int startMetaStoreWithRetry(HadoopThriftAuthBridge bridge, Configuration conf) throws Exception {
    return given(conf);
  }

  public static int findFreePort() throws IOException {
    try (ServerSocket s = new ServerSocket(0)) {
      return s.getLocalPort();
    }
  }

  public static int findFreePortExcepting(int not) throws IOException {
    int p = findFreePort();
    return p == not ? findFreePortExcepting(not) : p;
  }

  public static void setConfForStandloneMode(Configuration conf) {
    if (MetastoreConf.getVar(conf, ConfVars.TASK_THREADS_ALWAYS)
        .equals(ConfVars.TASK_THREADS_ALWAYS.getDefaultVal())) {
      MetastoreConf.setVar(conf, ConfVars.TASK_THREADS_ALWAYS,
          "org.apache.hadoop.hive.metastore.events.EventCleanerTask");
    }
    if (MetastoreConf.getVar(conf, ConfVars.EXPRESSION_PROXY_CLASS)
        .equals(ConfVars.EXPRESSION_PROXY_CLASS.getDefaultVal())) {
      MetastoreConf.setClass(conf, ConfVars.EXPRESSION_PROXY_CLASS, DefaultPartitionExpressionProxy.class,
          PartitionExpressionProxy.class);
    }
    Server.use(conf);
  }

  public static String getTestWarehouseDir(String name) {
    File f = new File(System.getProperty("java.io.tmpdir"), name);
    f.deleteOnExit();
    return f.getAbsolutePath();
  }

  public static void dropCatalogCascade(IMetaStoreClient client, String cat) throws TException {
    if (cat == null || cat.equals(Warehouse.DEFAULT_CATALOG_NAME)) {
      return;
    }
    for (String db : client.getAllDatabases(cat)) {
      client.dropDatabase(cat, db, true, false, true);
    }
    client.dropCatalog(cat);
  }
}
