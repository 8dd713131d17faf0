package org.apache.hadoop.hive.metastore;

import java.util.concurrent.atomic.AtomicBoolean;

import suite.Relay;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.security.HadoopThriftAuthBridge;

/** Stands before the server itself: what a test starts is a relay to the server under test. */
public class HiveMetaStore {
  public static void startMetaStore(int port, HadoopThriftAuthBridge bridge) throws Throwable {
    Relay.serve(port);
  }

  public static void startMetaStore(int port, HadoopThriftAuthBridge bridge, Configuration conf) throws Throwable {
    Relay.serve(port);
  }

  public static void startMetaStore(int port, HadoopThriftAuthBridge bridge, Configuration conf, boolean keepers,
      AtomicBoolean started) throws Throwable {
    if (started != null) {
      started.set(true);
    }
    Relay.serve(port);
  }
}
