package suite;

import java.util.List;

import org.apache.hadoop.hive.metastore.IMetaStoreClient;
import org.apache.hadoop.hive.metastore.api.WMResourcePlan;

/** Calls whose shape changed between the clients. */
final class ClientDiff {
  private ClientDiff() {}

  static List<WMResourcePlan> plans(IMetaStoreClient c) throws Exception {
    return c.getAllResourcePlans("default");
  }

  static void dropConnectors(IMetaStoreClient c) throws Exception {
    for (String n : c.getAllDataConnectorNames()) {
      c.dropDataConnector(n, true, false);
    }
  }

  static void dropPlan(IMetaStoreClient c, String name) throws Exception {
    c.dropResourcePlan(name, "default");
  }
}
