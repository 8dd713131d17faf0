import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.apache.hadoop.hive.common.ObjectPair;
import org.apache.hadoop.hive.metastore.HiveMetaStoreClient;
import org.apache.hadoop.hive.metastore.PartitionDropOptions;
import org.apache.hadoop.hive.metastore.api.AggrStats;
import org.apache.hadoop.hive.metastore.api.ColumnStatistics;
import org.apache.hadoop.hive.metastore.api.ColumnStatisticsObj;
import org.apache.hadoop.hive.metastore.api.CompactionType;
import org.apache.hadoop.hive.metastore.api.HiveObjectPrivilege;
import org.apache.hadoop.hive.metastore.api.LockRequest;
import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.ShowLocksResponse;
import org.apache.hadoop.hive.ql.exec.Utilities;
import org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc;

/** What is called otherwise in other releases than Hive 1.2. */
final class Release {
    static byte[] kryo(ExprNodeGenericFuncDesc condition) {
        return Utilities.serializeExpressionToKryo(condition);
    }

    static List<Partition> dropPartitions(HiveMetaStoreClient client, String db, String table, ExprNodeGenericFuncDesc condition)
        throws Exception {
        List<ObjectPair<Integer, byte[]>> conditions = Arrays.asList(new ObjectPair<>(1, kryo(condition)));
        return client.dropPartitions(db, table, conditions, PartitionDropOptions.instance().deleteData(true).returnResults(true));
    }

    /** A pattern of LIKE in filters, which is a regular expression. */
    static String beginsWith(String text) {
        return text + ".*";
    }

    static List<ColumnStatisticsObj> tableStatistics(HiveMetaStoreClient client, String db, String table, List<String> columns)
        throws Exception {
        return client.getTableColumnStatistics(db, table, columns);
    }

    static Map<String, List<ColumnStatisticsObj>> partitionStatistics(
        HiveMetaStoreClient client, String db, String table, List<String> partitions, List<String> columns) throws Exception {
        return client.getPartitionColumnStatistics(db, table, partitions, columns);
    }

    static AggrStats aggregate(HiveMetaStoreClient client, String db, String table, List<String> columns, List<String> partitions)
        throws Exception {
        return client.getAggrColStatsFor(db, table, columns, partitions);
    }

    static void deleteTableStatistics(HiveMetaStoreClient client, String db, String table, String column) throws Exception {
        client.deleteTableColumnStatistics(db, table, column);
    }

    static void deletePartitionStatistics(HiveMetaStoreClient client, String db, String table, String partition, String column)
        throws Exception {
        client.deletePartitionColumnStatistics(db, table, partition, column);
    }

    static void ofHive(ColumnStatistics statistics) {
        // Statistics of this release know no engines.
    }

    static void ofHive(HiveObjectPrivilege privilege) {
        // Privileges of this release know no authorizers.
    }

    static LockRequest ofOperation(LockRequest request) {
        return request;
    }

    static ShowLocksResponse locks(HiveMetaStoreClient client) throws Exception {
        return client.showLocks();
    }

    static void compact(HiveMetaStoreClient client, String db, String table) throws Exception {
        client.compact(db, table, null, CompactionType.MINOR);
    }
}
