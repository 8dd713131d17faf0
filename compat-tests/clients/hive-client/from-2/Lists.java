import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.TableType;
import org.apache.hadoop.hive.metastore.api.EnvironmentContext;
import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.PartitionValuesRequest;
import org.apache.hadoop.hive.metastore.api.PartitionValuesResponse;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.hadoop.hive.metastore.api.TableMeta;

/** Ways to list tables and partitions, and to change them, that came with Hive 2. */
final class Lists extends Noun {
    @Override
    void steps() throws Exception {
        Table table = table("t", column("ds", "string"), column("hr", "int"));
        table.putToParameters("comment", "of t");
        created(table);
        Table view = table("v");
        view.setTableType("VIRTUAL_VIEW");
        view.setViewOriginalText("select 1");
        view.setViewExpandedText("select 1");
        created(view);
        client.add_partitions(Arrays.asList(partition(table, "a", "1"), partition(table, "b", "1"), partition(table, "b", "2")));
        step("tables of a type", () -> {
            same(client.getTables(db, "*", TableType.VIRTUAL_VIEW), "v");
            same(client.getTables(db, "*", TableType.MANAGED_TABLE), "t");
        });
        step("what tables are", () -> {
            List<TableMeta> metas = client.getTableMeta(db, "*", Arrays.asList("MANAGED_TABLE"));
            equal(metas.size(), 1);
            equal(metas.get(0).getDbName(), db);
            equal(metas.get(0).getTableName(), "t");
            equal(metas.get(0).getComments(), "of t");
            equal(client.getTableMeta(db, "*", Arrays.asList()).size(), 2);
        });
        step("how many partitions", () -> {
            equal(client.getNumPartitionsByFilter(db, "t", "ds = \"b\""), 2);
            equal(client.getNumPartitionsByFilter(db, "t", ""), 3);
        });
        step("what values keys have", () -> {
            PartitionValuesRequest request = new PartitionValuesRequest(db, "t", Arrays.asList(column("ds", "string")));
            request.setApplyDistinct(true);
            PartitionValuesResponse got = client.listPartitionValues(request);
            same(got.getPartitionValues().stream().map(row -> row.getRow().get(0)).collect(Collectors.toList()), "a", "b");
        });
        step("alter with a context", () -> {
            EnvironmentContext context = new EnvironmentContext(map("DO_NOT_UPDATE_STATS", "true"));
            Partition one = client.getPartition(db, "t", "ds=a/hr=1");
            one.putToParameters("k", "v");
            client.alter_partition(db, "t", one, context);
            equal(client.getPartition(db, "t", "ds=a/hr=1").getParameters().get("k"), "v");
            one.putToParameters("k", "w");
            client.alter_partitions(db, "t", Arrays.asList(one), context);
            equal(client.getPartition(db, "t", "ds=a/hr=1").getParameters().get("k"), "w");
        });
        step("alter a table and its partitions", () -> {
            Table changed = client.getTable(db, "t");
            changed.getSd().addToCols(column("more", "int"));
            client.alter_table_with_environmentContext(db, "t", changed, new EnvironmentContext(map("CASCADE", "true")));
            equal(client.getPartition(db, "t", "ds=a/hr=1").getSd().getColsSize(), 3);
        });
        step("exchange several", () -> {
            created(table("u", column("ds", "string"), column("hr", "int")));
            Table same = client.getTable(db, "u");
            same.getSd().addToCols(column("more", "int"));
            client.alter_table(db, "u", same);
            equal(client.exchange_partitions(map("ds", "b"), db, "t", db, "u").size(), 2);
            same(client.listPartitionNames(db, "u", (short) -1), "ds=b/hr=1", "ds=b/hr=2");
        });
        step("all functions", () -> check(client.getAllFunctions() != null, "none"));
    }
}
