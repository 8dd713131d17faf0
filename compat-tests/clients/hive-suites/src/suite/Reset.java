package suite;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.HiveMetaStoreClient;
import org.apache.hadoop.hive.metastore.IMetaStoreClient;
import org.apache.hadoop.hive.metastore.api.WMResourcePlan;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;

/**
 * Empties the server under test through its own API: every catalog but "hive", every database but "default", and what
 * is in "default". Never point this at a server with data that is somebody's.
 */
public final class Reset {
  private Reset() {}

  private interface Step {
    void run() throws Exception;
  }

  public static String run() {
    List<String> troubles = new ArrayList<>();
    Configuration conf = MetastoreConf.newMetastoreConf();
    Server.use(conf);
    // A server that is "in test" serves only clients that say so.
    conf.set("hive.in.test", "true");
    IMetaStoreClient[] c = new IMetaStoreClient[1];
    attempt("connect", troubles, () -> c[0] = new HiveMetaStoreClient(conf));
    if (c[0] == null) {
      return String.join("; ", troubles);
    }
    List<String> cats = new ArrayList<>();
    attempt("get_catalogs", troubles, () -> cats.addAll(c[0].getCatalogs()));
    if (cats.isEmpty()) {
      cats.add("hive");
    }
    for (String cat : cats) {
      List<String> dbs = new ArrayList<>();
      attempt("get_databases " + cat, troubles, () -> dbs.addAll(c[0].getAllDatabases(cat)));
      for (String db : dbs) {
        if (cat.equals("hive") && db.equals("default")) {
          List<String> fns = new ArrayList<>();
          attempt("get_functions", troubles, () -> fns.addAll(c[0].getFunctions(cat, db, "*")));
          for (String f : fns) {
            attempt("drop_function " + f, troubles, () -> c[0].dropFunction(cat, db, f));
          }
        }
        dropTables(c[0], cat, db, troubles);
        if (!(cat.equals("hive") && db.equals("default"))) {
          attempt("drop_database " + cat + "." + db, troubles, () -> c[0].dropDatabase(cat, db, true, true, true));
        }
      }
      if (!cat.equals("hive")) {
        attempt("drop_catalog " + cat, troubles, () -> c[0].dropCatalog(cat));
      }
    }
    attempt("drop data connectors", troubles, () -> ClientDiff.dropConnectors(c[0]));
    List<WMResourcePlan> plans = new ArrayList<>();
    attempt("get_all_resource_plans", new ArrayList<>(), () -> plans.addAll(ClientDiff.plans(c[0])));
    for (WMResourcePlan p : plans) {
      attempt("drop_resource_plan " + p.getName(), troubles, () -> ClientDiff.dropPlan(c[0], p.getName()));
    }
    List<String> roles = new ArrayList<>();
    attempt("get_role_names", troubles, () -> roles.addAll(c[0].listRoleNames()));
    for (String r : roles) {
      if (!r.equals("admin") && !r.equals("public")) {
        attempt("drop_role " + r, troubles, () -> c[0].drop_role(r));
      }
    }
    c[0].close();
    return String.join("; ", troubles);
  }

  private static void dropTables(IMetaStoreClient c, String cat, String db, List<String> troubles) {
    // A foreign key keeps the table it points at from being dropped, so go round until nothing changes; the last
    // round leaves the data alone, for tables whose location no file system takes.
    int before = -1;
    for (int round = 0; round < 6; round++) {
      List<String> left = new ArrayList<>();
      attempt("get_all_tables " + cat + "." + db, troubles, () -> left.addAll(c.getAllTables(cat, db)));
      boolean last = left.size() == before;
      before = left.size();
      Collections.sort(left);
      for (String t : left) {
        attempt("drop_table " + cat + "." + db + "." + t, last ? troubles : new ArrayList<>(),
            () -> c.dropTable(cat, db, t, !last, true, true));
      }
      if (left.isEmpty() || last) {
        return;
      }
    }
  }

  private static void attempt(String what, List<String> troubles, Step s) {
    try {
      s.run();
    } catch (Throwable e) {
      String m = String.valueOf(e.getMessage());
      troubles.add(what + ": " + e.getClass().getSimpleName() + " " + (m.length() > 200 ? m.substring(0, 200) : m));
    }
  }
}
