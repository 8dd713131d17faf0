import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.PartitionEventType;
import org.apache.hadoop.hive.metastore.api.PartitionListComposingSpec;
import org.apache.hadoop.hive.metastore.api.PartitionSpec;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.hadoop.hive.metastore.partition.spec.PartitionSpecProxy;
import org.apache.thrift.TException;

final class Partitions extends Noun {
    private static final short ALL = -1;

    @Override
    void steps() throws Exception {
        Table table = created(table("t", column("ds", "string"), column("hr", "int")));
        step("add one", () -> {
            Partition made = partition(table, "2024-01-01", "0");
            made.putToParameters("k", "v");
            Partition got = client.add_partition(made);
            equal(got.getValues(), Arrays.asList("2024-01-01", "0"));
            equal(got.getSd().getLocation(), table.getSd().getLocation() + "/ds=2024-01-01/hr=0");
            equal(client.getPartition(db, "t", "ds=2024-01-01/hr=0").getParameters().get("k"), "v");
        });
        step("what is there is not added", () -> refused(AlreadyExistsException.class, "2024-01-01",
            () -> client.add_partition(partition(table, "2024-01-01", "0"))));
        step("add several", () -> {
            equal(client.add_partitions(Arrays.asList(partition(table, "2024-01-01", "1"), partition(table, "2024-01-02", "0"))), 2);
            // The first is there, and is left out of the answer.
            List<Partition> added = client.add_partitions(
                Arrays.asList(partition(table, "2024-01-01", "1"), partition(table, "2024-01-02", "1")), true, true);
            same(names(added), "2024-01-02/1");
            refused(AlreadyExistsException.class, "", () -> client.add_partitions(
                Arrays.asList(partition(table, "2024-01-09", "9"), partition(table, "2024-01-01", "1")), false, false));
            // All of them or none.
            refused(NoSuchObjectException.class, "2024-01-09", () -> client.getPartition(db, "t", Arrays.asList("2024-01-09", "9")));
        });
        step("append by values and by name", () -> {
            equal(client.appendPartition(db, "t", Arrays.asList("2024-01-03", "0")).getValues(), Arrays.asList("2024-01-03", "0"));
            equal(client.appendPartition(db, "t", "ds=a %2F b/hr=5").getValues(), Arrays.asList("a / b", "5"));
            equal(client.getPartition(db, "t", Arrays.asList("a / b", "5")).getTableName(), "t");
        });
        step("get", () -> {
            equal(client.getPartition(db, "t", Arrays.asList("2024-01-02", "1")).getSd().getCols(), table.getSd().getCols());
            refused(NoSuchObjectException.class, "2030", () -> client.getPartition(db, "t", Arrays.asList("2030", "1")));
            same(names(client.getPartitionsByNames(db, "t", Arrays.asList("ds=2024-01-01/hr=0", "ds=2030/hr=1"))), "2024-01-01/0");
            Partition known = client.getPartitionWithAuthInfo(db, "t", Arrays.asList("2024-01-02", "1"), "lea", Collections.emptyList());
            equal(known.getValues(), Arrays.asList("2024-01-02", "1"));
        });
        step("list", () -> {
            equal(client.listPartitions(db, "t", ALL).size(), 6);
            equal(client.listPartitions(db, "t", (short) 2).size(), 2);
            same(names(client.listPartitions(db, "t", Arrays.asList("2024-01-01"), ALL)), "2024-01-01/0", "2024-01-01/1");
            same(names(client.listPartitions(db, "t", Arrays.asList("", "1"), ALL)), "2024-01-01/1", "2024-01-02/1");
            same(names(client.listPartitionsWithAuthInfo(db, "t", Arrays.asList("", "5"), ALL, "lea", Collections.emptyList())), "a / b/5");
            refused(NoSuchObjectException.class, "missing", () -> client.listPartitions(db, "missing", ALL));
        });
        step("list names", () -> {
            equal(client.listPartitionNames(db, "t", (short) 3),
                Arrays.asList("ds=2024-01-01/hr=0", "ds=2024-01-01/hr=1", "ds=2024-01-02/hr=0"));
            same(client.listPartitionNames(db, "t", Arrays.asList("a / b"), ALL), "ds=a %2F b/hr=5");
        });
        step("by filter", () -> {
            same(filtered("ds = \"2024-01-01\" and hr > 0"), "2024-01-01/1");
            same(filtered("ds >= '2024-01-02' and (hr = 1 or ds like '" + Release.beginsWith("2024-01-03") + "')"), "2024-01-02/1", "2024-01-03/0");
            same(filtered("hr between 1 and 9 and ds <> '2024-01-01'"), "2024-01-02/1", "a / b/5");
            same(filtered("hr in (5, 7)"), "a / b/5");
            refused(TException.class, "id", () -> filtered("id = 1"));
            refused(TException.class, "", () -> filtered("ds = "));
        });
        step("specs", () -> {
            PartitionSpecProxy specs = client.listPartitionSpecs(db, "t", -1);
            equal(specs.size(), 6);
            equal(specs.getTableName(), "t");
            equal(client.listPartitionSpecsByFilter(db, "t", "hr = 0", -1).size(), 3);
            Table like = created(table("like_t", column("ds", "string"), column("hr", "int")));
            List<Partition> several = new ArrayList<>(Arrays.asList(partition(like, "x", "1"), partition(like, "y", "2")));
            several.forEach(one -> one.getSd().setLocation(like.getSd().getLocation() + "/" + one.getValues().get(0)));
            PartitionSpec spec = new PartitionSpec();
            spec.setDbName(db);
            spec.setTableName("like_t");
            spec.setRootPath(like.getSd().getLocation());
            spec.setPartitionList(new PartitionListComposingSpec(several));
            equal(client.add_partitions_pspec(PartitionSpecProxy.Factory.get(Arrays.asList(spec))), 2);
            same(client.listPartitionNames(db, "like_t", ALL), "ds=x/hr=1", "ds=y/hr=2");
        });
        step("alter", () -> {
            Partition one = client.getPartition(db, "t", "ds=2024-01-01/hr=0");
            one.putToParameters("k", "w");
            client.alter_partition(db, "t", one);
            equal(client.getPartition(db, "t", "ds=2024-01-01/hr=0").getParameters().get("k"), "w");
            List<Partition> several = client.listPartitions(db, "t", Arrays.asList("2024-01-02"), ALL);
            several.forEach(each -> each.putToParameters("of", each.getValues().get(1)));
            client.alter_partitions(db, "t", several);
            equal(client.getPartition(db, "t", "ds=2024-01-02/hr=1").getParameters().get("of"), "1");
            refused(TException.class, "", () -> client.alter_partition(db, "t", partition(table, "2030", "1")));
        });
        step("rename", () -> {
            Partition renamed = client.getPartition(db, "t", "ds=2024-01-03/hr=0");
            renamed.setValues(Arrays.asList("2024-01-03", "23"));
            client.renamePartition(db, "t", Arrays.asList("2024-01-03", "0"), renamed);
            same(client.listPartitionNames(db, "t", Arrays.asList("2024-01-03"), ALL), "ds=2024-01-03/hr=23");
        });
        step("exchange", () -> {
            created(table("t2", column("ds", "string"), column("hr", "int")));
            client.exchange_partition(map("ds", "2024-01-03", "hr", "23"), db, "t", db, "t2");
            same(client.listPartitionNames(db, "t2", ALL), "ds=2024-01-03/hr=23");
            same(client.listPartitionNames(db, "t", Arrays.asList("2024-01-03"), ALL));
        });
        step("marks", () -> {
            client.markPartitionForEvent(db, "t", map("ds", "2024-01-01", "hr", "0"), PartitionEventType.LOAD_DONE);
            equal(client.isPartitionMarkedForEvent(db, "t", map("ds", "2024-01-01", "hr", "0"), PartitionEventType.LOAD_DONE), true);
            equal(client.isPartitionMarkedForEvent(db, "t", map("ds", "2024-01-01", "hr", "1"), PartitionEventType.LOAD_DONE), false);
        });
        step("names and their values", () -> {
            equal(client.partitionNameToVals("ds=a %2F b/hr=5"), Arrays.asList("a / b", "5"));
            equal(client.partitionNameToSpec("ds=a %2F b/hr=5"), map("ds", "a / b", "hr", "5"));
            client.validatePartitionNameCharacters(Arrays.asList("2024-01-01", "0"));
        });
        step("drop", () -> {
            equal(client.dropPartition(db, "t", Arrays.asList("2024-01-01", "0"), true), true);
            equal(client.dropPartition(db, "t", "ds=a %2F b/hr=5", true), true);
            same(client.listPartitionNames(db, "t", ALL), "ds=2024-01-01/hr=1", "ds=2024-01-02/hr=0", "ds=2024-01-02/hr=1");
            refused(NoSuchObjectException.class, "", () -> client.dropPartition(db, "t", Arrays.asList("2024-01-01", "0"), true));
        });
    }

    private List<String> filtered(String filter) throws Exception {
        return names(client.listPartitionsByFilter(db, "t", filter, ALL));
    }

    private static List<String> names(List<Partition> partitions) {
        return partitions.stream().map(each -> String.join("/", each.getValues())).collect(Collectors.toList());
    }
}
