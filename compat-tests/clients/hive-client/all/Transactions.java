import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.common.ValidTxnList;
import org.apache.hadoop.hive.metastore.api.HeartbeatTxnRangeResponse;
import org.apache.hadoop.hive.metastore.api.LockComponent;
import org.apache.hadoop.hive.metastore.api.LockLevel;
import org.apache.hadoop.hive.metastore.api.LockRequest;
import org.apache.hadoop.hive.metastore.api.LockResponse;
import org.apache.hadoop.hive.metastore.api.LockState;
import org.apache.hadoop.hive.metastore.api.LockType;
import org.apache.hadoop.hive.metastore.api.NoSuchLockException;
import org.apache.hadoop.hive.metastore.api.ShowCompactResponseElement;
import org.apache.hadoop.hive.metastore.api.TxnInfo;
import org.apache.thrift.TException;

final class Transactions extends Noun {
    @Override
    void steps() throws Exception {
        created(table("t"));
        step("open, list, commit", () -> {
            long txn = client.openTxn("lea");
            ValidTxnList during = client.getValidTxns();
            equal(during.isTxnValid(txn), false);
            check(during.getHighWatermark() >= txn, during);
            check(client.showTxns().getOpen_txns().stream().map(TxnInfo::getId).anyMatch(id -> id == txn), txn);
            client.heartbeat(txn, 0);
            client.commitTxn(txn);
            equal(client.getValidTxns().isTxnValid(txn), true);
            refused(TException.class, String.valueOf(txn), () -> client.heartbeat(txn, 0));
        });
        step("roll back", () -> {
            List<Long> txns = client.openTxns("lea", 2).getTxn_ids();
            equal(txns.size(), 2);
            client.rollbackTxn(txns.get(0));
            refused(TException.class, String.valueOf(txns.get(0)), () -> client.commitTxn(txns.get(0)));
            HeartbeatTxnRangeResponse beaten = client.heartbeatTxnRange(txns.get(0), txns.get(1));
            check(beaten.getAborted().contains(txns.get(0)), beaten);
            check(!beaten.getAborted().contains(txns.get(1)) && !beaten.getNosuch().contains(txns.get(1)), beaten);
            client.rollbackTxn(txns.get(1));
        });
        step("a lock waits for those before it", () -> {
            LockResponse first = client.lock(request(LockType.EXCLUSIVE, 0));
            equal(first.getState(), LockState.ACQUIRED);
            LockResponse second = client.lock(request(LockType.SHARED_READ, 0));
            equal(second.getState(), LockState.WAITING);
            client.heartbeat(0, first.getLockid());
            equal(client.checkLock(second.getLockid()).getState(), LockState.WAITING);
            equal(locks(), Arrays.asList("ACQUIRED", "WAITING"));
            client.unlock(first.getLockid());
            equal(client.checkLock(second.getLockid()).getState(), LockState.ACQUIRED);
            LockResponse third = client.lock(request(LockType.SHARED_READ, 0));
            equal(third.getState(), LockState.ACQUIRED);
            client.unlock(third.getLockid());
            client.unlock(second.getLockid());
            refused(NoSuchLockException.class, "", () -> client.checkLock(second.getLockid()));
            client.unlock(second.getLockid());
        });
        step("a transaction's locks end with it", () -> {
            long txn = client.openTxn("lea");
            long open = client.openTxn("bob");
            equal(client.lock(request(LockType.EXCLUSIVE, txn)).getState(), LockState.ACQUIRED);
            LockResponse other = client.lock(request(LockType.SHARED_WRITE, open));
            equal(other.getState(), LockState.WAITING);
            client.heartbeat(txn, 0);
            client.rollbackTxn(txn);
            equal(client.checkLock(other.getLockid()).getState(), LockState.ACQUIRED);
            client.rollbackTxn(open);
            refused(NoSuchLockException.class, "", () -> client.checkLock(other.getLockid()));
        });
        step("compactions are queued", () -> {
            Release.compact(client, db, "t");
            List<ShowCompactResponseElement> queued = client.showCompactions().getCompacts().stream()
                .filter(each -> each.getDbname().equals(db)).collect(Collectors.toList());
            equal(queued.size(), 1);
            equal(queued.get(0).getTablename(), "t");
            equal(queued.get(0).getState(), "initiated");
        });
    }

    private List<String> locks() throws Exception {
        return Release.locks(client).getLocks().stream().filter(each -> each.getDbname().equals(db))
            .map(each -> each.getState().name()).sorted().collect(Collectors.toList());
    }

    private LockRequest request(LockType type, long txn) {
        LockComponent component = new LockComponent(type, LockLevel.TABLE, db);
        component.setTablename("t");
        LockRequest request = new LockRequest(Arrays.asList(component), "lea", "localhost");
        if (txn > 0) {
            request.setTxnid(txn);
        }
        return Release.ofOperation(request);
    }
}
