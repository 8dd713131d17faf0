import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.AllTableConstraintsRequest;
import org.apache.hadoop.hive.metastore.api.ExtendedTableInfo;
import org.apache.hadoop.hive.metastore.api.GetFieldsRequest;
import org.apache.hadoop.hive.metastore.api.GetPartitionRequest;
import org.apache.hadoop.hive.metastore.api.GetPartitionsFilterSpec;
import org.apache.hadoop.hive.metastore.api.GetPartitionsRequest;
import org.apache.hadoop.hive.metastore.api.GetPartitionsResponse;
import org.apache.hadoop.hive.metastore.api.GetProjectionsSpec;
import org.apache.hadoop.hive.metastore.api.GetTableRequest;
import org.apache.hadoop.hive.metastore.api.PartitionFilterMode;
import org.apache.hadoop.hive.metastore.api.PartitionsRequest;
import org.apache.hadoop.hive.metastore.api.ReplicationMetricList;
import org.apache.hadoop.hive.metastore.api.ReplicationMetrics;
import org.apache.hadoop.hive.metastore.api.GetReplicationMetricsRequest;
import org.apache.hadoop.hive.metastore.api.SQLAllTableConstraints;
import org.apache.hadoop.hive.metastore.api.SQLPrimaryKey;
import org.apache.hadoop.hive.metastore.api.Table;

/** What Hive 4 asks by requests, and only the parts it wants of what is there. */
final class Requests extends Noun {
    @Override
    void steps() throws Exception {
        Table table = created(table("t", column("ds", "string")));
        client.add_partitions(Arrays.asList(partition(table, "a"), partition(table, "b")));
        step("one table and its fields", () -> {
            GetTableRequest request = new GetTableRequest(db, "t");
            request.setCatName("hive");
            equal(client.getTable(request).getId() > 0, true);
            GetFieldsRequest fields = new GetFieldsRequest(db, "t");
            fields.setCatName("hive");
            equal(client.getFieldsRequest(fields).getFieldsSize(), 2);
        });
        step("tables in part", () -> {
            List<Table> got = client.getTables("hive", db, Arrays.asList("t"),
                new GetProjectionsSpec(Arrays.asList("dbName", "tableName", "owner"), null, null));
            equal(got.get(0).getOwner(), "lea");
            equal(got.get(0).getSd(), null);
        });
        step("tables at length", () -> {
            ExtendedTableInfo got = client.getTablesExt("hive", db, "*", 0, -1).get(0);
            equal(got.getTblName(), "t");
        });
        step("partitions by requests", () -> {
            GetPartitionRequest one = new GetPartitionRequest(db, "t", Arrays.asList("a"));
            one.setCatName("hive");
            equal(client.getPartitionRequest(one).getPartition().getValues(), Arrays.asList("a"));
            PartitionsRequest all = new PartitionsRequest(db, "t");
            all.setCatName("hive");
            equal(client.getPartitionsRequest(all).getPartitionsSize(), 2);
        });
        step("partitions in part", () -> {
            GetPartitionsFilterSpec filter = new GetPartitionsFilterSpec();
            filter.setFilterMode(PartitionFilterMode.BY_EXPR);
            filter.setFilters(Arrays.asList("ds > \"a\""));
            GetPartitionsRequest request =
                new GetPartitionsRequest(db, "t", new GetProjectionsSpec(Arrays.asList("values"), null, null), filter);
            request.setCatName("hive");
            GetPartitionsResponse got = client.getPartitionsWithSpecs(request);
            equal(got.getPartitionSpec().get(0).getSharedSDPartitionSpec().getPartitions().stream()
                .map(each -> each.getValues().get(0)).collect(Collectors.toList()), Arrays.asList("b"));
        });
        step("all constraints", () -> {
            client.addPrimaryKey(Arrays.asList(new SQLPrimaryKey(db, "t", "id", 1, "pk", false, false, true)));
            SQLAllTableConstraints got = client.getAllTableConstraints(new AllTableConstraintsRequest(db, "t", "hive"));
            equal(got.getPrimaryKeys().get(0).getPk_name(), "pk");
            equal(got.getForeignKeysSize(), 0);
        });
        step("properties", () -> {
            client.setProperties("hms", map(db + ".keeper", "lea"));
            equal(client.getProperties("hms", db, null, "keeper").get(db), map("keeper", "lea"));
        });
        step("metrics of replication", () -> {
            ReplicationMetrics metrics = new ReplicationMetrics(System.nanoTime(), db, 9);
            metrics.setProgress("{}");
            client.addReplicationMetrics(new ReplicationMetricList(Arrays.asList(metrics)));
            GetReplicationMetricsRequest request = new GetReplicationMetricsRequest();
            request.setPolicy(db);
            equal(client.getReplicationMetrics(request).getReplicationMetricList().get(0).getDumpExecutionId(), 9L);
        });
    }
}
