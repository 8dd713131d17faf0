package org.apache.hadoop.hive.metastore;

import suite.Server;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.api.ReplicationMetricList;
import org.apache.hadoop.hive.metastore.api.RuntimeStat;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryMaintenanceRequest;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryPollRequest;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryPollResponse;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryProgressInfo;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;
import org.apache.thrift.TException;

/**
 * Stands before the server's own store, which a few client tests use to put rows behind the server's back. What has a
 * call of the same meaning in the Thrift interface goes there; the rest is refused, and the test counts as an error.
 */
public class ObjectStore {
  private Configuration conf;

  private interface Call<T> {
    T on(HiveMetaStoreClient c) throws TException;
  }

  public void setConf(Configuration to) {
    conf = new Configuration(to);
    Server.use(conf);
  }

  private <T> T call(Call<T> what) {
    try {
      HiveMetaStoreClient c = new HiveMetaStoreClient(conf);
      try {
        return what.on(c);
      } finally {
        c.close();
      }
    } catch (TException e) {
      throw new IllegalStateException(e);
    }
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("hivetests: no Thrift call does what ObjectStore." + what + " does");
  }

  private void enabled(String what) {
    if (!MetastoreConf.getBoolVar(conf, MetastoreConf.ConfVars.SCHEDULED_QUERIES_ENABLED)) {
      throw unsupported(what + " with scheduled queries switched off");
    }
  }

  public void addRuntimeStat(RuntimeStat s) {
    call(c -> {
      c.addRuntimeStat(s);
      return null;
    });
  }

  public void addReplicationMetrics(ReplicationMetricList l) {
    call(c -> {
      c.addReplicationMetrics(l);
      return null;
    });
  }

  public void scheduledQueryMaintenance(ScheduledQueryMaintenanceRequest r) {
    enabled("scheduledQueryMaintenance");
    call(c -> {
      c.scheduledQueryMaintenance(r);
      return null;
    });
  }

  public ScheduledQueryPollResponse scheduledQueryPoll(ScheduledQueryPollRequest r) {
    enabled("scheduledQueryPoll");
    return call(c -> c.scheduledQueryPoll(r));
  }

  public void scheduledQueryProgress(ScheduledQueryProgressInfo p) {
    enabled("scheduledQueryProgress");
    call(c -> {
      c.scheduledQueryProgress(p);
      return null;
    });
  }

  /** Only used to begin a test with no rows: the suite's server is fresh, and the tests' names are their own. */
  public int deleteReplicationMetrics(int maxRetainSecs) {
    return 0;
  }

  public int deleteRuntimeStats(int maxRetainSecs) {
    throw unsupported("deleteRuntimeStats");
  }

  public int deleteScheduledExecutions(int maxRetainSecs) {
    throw unsupported("deleteScheduledExecutions");
  }

  public int markScheduledExecutionsTimedOut(int timeoutSecs) {
    throw unsupported("markScheduledExecutionsTimedOut");
  }

  public javax.jdo.PersistenceManager getPersistenceManager() {
    throw unsupported("getPersistenceManager");
  }
}
