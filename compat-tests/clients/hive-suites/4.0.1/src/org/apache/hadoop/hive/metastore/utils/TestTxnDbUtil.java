package org.apache.hadoop.hive.metastore.utils;

import suite.RunClasses;

import org.apache.hadoop.conf.Configuration;

/** Stands before the suite's own class, which writes to the server's database behind its back. */
public final class TestTxnDbUtil {
  private TestTxnDbUtil() {}

  public static void setConfValues(Configuration conf) {
  }

  public static synchronized void prepDb(Configuration conf) {
    RunClasses.resetTransactions();
  }

  public static void cleanDb(Configuration conf) {
    RunClasses.resetTransactions();
  }
}
