import java.nio.ByteBuffer;
import java.util.List;

import org.apache.hadoop.hive.metastore.api.NotificationEventsCountRequest;
import org.apache.hadoop.hive.metastore.api.RuntimeStat;

/** What the server knows of itself and of queries. */
final class Server extends Noun {
    @Override
    void steps() {
        step("it has one id", () -> {
            String id = client.getMetastoreDbUuid();
            check(!id.isEmpty(), id);
            equal(client.getMetastoreDbUuid(), id);
        });
        step("events of a database are counted", () -> {
            long before = client.getCurrentNotificationEventId().getEventId();
            created(table("t"));
            equal(client.getNotificationEventsCount(new NotificationEventsCountRequest(before, db)).getEventsCount(), 1L);
        });
        step("statistics of queries", () -> {
            client.addRuntimeStat(new RuntimeStat(7, ByteBuffer.wrap(db.getBytes())));
            List<RuntimeStat> got = client.getRuntimeStats(-1, -1);
            check(got.stream().anyMatch(each -> each.getWeight() == 7 && new String(each.getPayload()).equals(db)), got);
        });
    }
}
