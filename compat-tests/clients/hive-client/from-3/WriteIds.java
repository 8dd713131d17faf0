import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.DataOperationType;
import org.apache.hadoop.hive.metastore.api.LockState;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.hadoop.hive.metastore.api.TableValidWriteIds;
import org.apache.hadoop.hive.metastore.api.TxnToWriteId;

/** Numbers of writes to a table, and what writers of Hive 3 do with them. */
final class WriteIds extends Noun {
    @Override
    void steps() throws Exception {
        Table table = created(table("t", column("ds", "string")));
        String name = db + ".t";
        step("allocate", () -> {
            long txn = client.openTxn("lea");
            equal(client.allocateTableWriteId(txn, db, "t"), 1L);
            equal(client.allocateTableWriteId(txn, db, "t"), 1L);
            equal(seen(name).getInvalidWriteIds(), Arrays.asList(1L));
            client.commitTxn(txn);
            equal(seen(name).getInvalidWriteIds(), Arrays.asList());
        });
        step("allocate several", () -> {
            List<Long> txns = client.openTxns("lea", 2).getTxn_ids();
            List<TxnToWriteId> got = client.allocateTableWriteIdsBatch(txns, db, "t");
            equal(got.stream().map(TxnToWriteId::getWriteId).collect(Collectors.toList()), Arrays.asList(2L, 3L));
            client.rollbackTxn(txns.get(0));
            client.commitTxn(txns.get(1));
            equal(seen(name).getWriteIdHighWaterMark(), 3L);
            equal(seen(name).getInvalidWriteIds(), Arrays.asList(2L));
        });
        step("dynamic partitions", () -> {
            long txn = client.openTxn("lea");
            long write = client.allocateTableWriteId(txn, db, "t");
            client.addDynamicPartitions(txn, write, db, "t", Arrays.asList("ds=a"), DataOperationType.INSERT);
            client.commitTxn(txn);
            equal(seen(name).getWriteIdHighWaterMark(), write);
            equal(seen(name).getInvalidWriteIds(), Arrays.asList(2L));
        });
        step("a materialized view's rebuild is one's alone", () -> {
            long first = client.openTxn("lea");
            long second = client.openTxn("bob");
            equal(client.lockMaterializationRebuild(db, "mv", first).getState(), LockState.ACQUIRED);
            equal(client.lockMaterializationRebuild(db, "mv", second).getState(), LockState.NOT_ACQUIRED);
            equal(client.heartbeatLockMaterializationRebuild(db, "mv", first), true);
            client.abortTxns(Arrays.asList(first, second));
        });
        step("truncate", () -> {
            client.add_partition(partition(table, "a"));
            Path data = Path.of(URI.create(client.getPartition(db, "t", "ds=a").getSd().getLocation()).getPath()).resolve("data");
            Files.createDirectories(data.getParent());
            Files.write(data, new byte[] {1});
            client.truncateTable(db, "t", Arrays.asList("ds=a"));
            check(!Files.exists(data), data);
            same(client.listPartitionNames(db, "t", (short) -1), "ds=a");
        });
    }

    private TableValidWriteIds seen(String table) throws Exception {
        return client.getValidWriteIds(Arrays.asList(table), client.getValidTxns().writeToString()).get(0);
    }
}
