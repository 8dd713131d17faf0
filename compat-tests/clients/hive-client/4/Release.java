import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.apache.commons.lang3.tuple.Pair;
import org.apache.hadoop.hive.metastore.HiveMetaStoreClient;
import org.apache.hadoop.hive.metastore.PartitionDropOptions;
import org.apache.hadoop.hive.metastore.api.AggrStats;
import org.apache.hadoop.hive.metastore.api.ColumnStatistics;
import org.apache.hadoop.hive.metastore.api.ColumnStatisticsObj;
import org.apache.hadoop.hive.metastore.api.CompactionRequest;
import org.apache.hadoop.hive.metastore.api.CompactionType;
import org.apache.hadoop.hive.metastore.api.DataOperationType;
import org.apache.hadoop.hive.metastore.api.HiveObjectPrivilege;
import org.apache.hadoop.hive.metastore.api.LockRequest;
import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.ShowLocksRequest;
import org.apache.hadoop.hive.metastore.api.ShowLocksResponse;
import org.apache.hadoop.hive.ql.exec.SerializationUtilities;
import org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc;

/** What is called otherwise in other releases than Hive 4. */
final class Release {
    static byte[] kryo(ExprNodeGenericFuncDesc condition) {
        return SerializationUtilities.serializeObjectWithTypeInformation(condition);
    }

    static List<Partition> dropPartitions(HiveMetaStoreClient client, String db, String table, ExprNodeGenericFuncDesc condition)
        throws Exception {
        List<Pair<Integer, byte[]>> conditions = Arrays.asList(Pair.of(1, kryo(condition)));
        return client.dropPartitions(db, table, conditions, PartitionDropOptions.instance().deleteData(true).returnResults(true));
    }

    /** A pattern of LIKE in filters. */
    static String beginsWith(String text) {
        return text + "%";
    }

    static List<ColumnStatisticsObj> tableStatistics(HiveMetaStoreClient client, String db, String table, List<String> columns)
        throws Exception {
        return client.getTableColumnStatistics(db, table, columns, "hive");
    }

    static Map<String, List<ColumnStatisticsObj>> partitionStatistics(
        HiveMetaStoreClient client, String db, String table, List<String> partitions, List<String> columns) throws Exception {
        return client.getPartitionColumnStatistics(db, table, partitions, columns, "hive");
    }

    static AggrStats aggregate(HiveMetaStoreClient client, String db, String table, List<String> columns, List<String> partitions)
        throws Exception {
        return client.getAggrColStatsFor(db, table, columns, partitions, "hive");
    }

    static void deleteTableStatistics(HiveMetaStoreClient client, String db, String table, String column) throws Exception {
        client.deleteTableColumnStatistics(db, table, column, "hive");
    }

    static void deletePartitionStatistics(HiveMetaStoreClient client, String db, String table, String partition, String column)
        throws Exception {
        client.deletePartitionColumnStatistics(db, table, partition, column, "hive");
    }

    static void ofHive(ColumnStatistics statistics) {
        statistics.setEngine("hive");
    }

    static void ofHive(HiveObjectPrivilege privilege) {
        privilege.setAuthorizer("hive");
    }

    static LockRequest ofOperation(LockRequest request) {
        request.getComponent().forEach(component -> component.setOperationType(DataOperationType.UPDATE));
        return request;
    }

    static ShowLocksResponse locks(HiveMetaStoreClient client) throws Exception {
        return client.showLocks(new ShowLocksRequest());
    }

    static void compact(HiveMetaStoreClient client, String db, String table) throws Exception {
        client.compact2(new CompactionRequest(db, table, CompactionType.MINOR));
    }
}
