package org.apache.hadoop.hive.metastore.client;

import java.util.ArrayList;
import java.util.List;

import suite.Server;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.MetaStoreTestUtils;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf.ConfVars;
import org.apache.hadoop.hive.metastore.minihms.AbstractMetaStoreService;

/**
 * Stands before the suite's own class of this name: the one server it offers to the parameterized tests is the one
 * under test, outside of this process.
 */
public final class MetaStoreFactoryForTests {
  private MetaStoreFactoryForTests() {}

  public static List<Object[]> getMetaStores() throws Exception {
    Configuration conf = MetastoreConf.newMetastoreConf();
    // Values that some tests read back from the client's configuration to know how the server was set up.
    MetastoreConf.setBoolVar(conf, ConfVars.METRICS_ENABLED, true);
    MetastoreConf.setLongVar(conf, ConfVars.BATCH_RETRIEVE_MAX, 2);
    MetastoreConf.setLongVar(conf, ConfVars.LIMIT_PARTITION_REQUEST, 100);
    Server.setIfKnown(conf, "BATCH_RETRIEVE_OBJECTS_MAX", "2");
    MetaStoreTestUtils.setConfForStandloneMode(conf);
    List<Object[]> one = new ArrayList<>();
    // The name is one that some tests look at: TestHiveMetaStoreClient expects open sockets of "Remote" only.
    one.add(new Object[] {"Remote", new Service(conf)});
    return one;
  }

  private static final class Service extends AbstractMetaStoreService {
    Service(Configuration conf) {
      super(conf);
    }
  }
}
