package org.apache.hadoop.hive.metastore.txn;

import org.apache.hadoop.conf.Configuration;

import suite.RunClasses;

/** Stands before the server's class, by which tests write to the server's database behind its back. */
public final class TxnDbUtil {
  private TxnDbUtil() {}

  public static void setConfValues(Configuration conf) {
  }

  public static void prepDb(Configuration conf) {
    RunClasses.resetTransactions();
  }

  public static void cleanDb(Configuration conf) {
    RunClasses.resetTransactions();
  }
}
