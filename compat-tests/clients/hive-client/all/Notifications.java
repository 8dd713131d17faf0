import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.FireEventRequest;
import org.apache.hadoop.hive.metastore.api.FireEventRequestData;
import org.apache.hadoop.hive.metastore.api.InsertEventRequestData;
import org.apache.hadoop.hive.metastore.api.NotificationEvent;
import org.apache.hadoop.hive.metastore.api.Table;

final class Notifications extends Noun {
    @Override
    void steps() {
        step("what happened, in its order", () -> {
            long before = client.getCurrentNotificationEventId().getEventId();
            Table table = created(table("t", column("ds", "string")));
            client.add_partition(partition(table, "a"));
            client.dropPartition(db, "t", Arrays.asList("a"), true);
            List<NotificationEvent> events = since(before);
            equal(types(events), Arrays.asList("CREATE_TABLE", "ADD_PARTITION", "DROP_PARTITION"));
            equal(events.get(0).getTableName(), "t");
            check(events.get(0).getEventTime() > 0, events);
            check(!events.get(0).getMessage().isEmpty(), events);
            check(client.getCurrentNotificationEventId().getEventId() >= events.get(2).getEventId(), events);
        });
        step("no more than asked for", () -> {
            long first = client.getCurrentNotificationEventId().getEventId();
            created(table("u"));
            created(table("v"));
            equal(client.getNextNotification(first, 1, null).getEvents().size(), 1);
            equal(client.getNextNotification(Long.MAX_VALUE - 1, 10, null).getEvents().size(), 0);
        });
        step("an engine tells of an insert", () -> {
            long before = client.getCurrentNotificationEventId().getEventId();
            InsertEventRequestData files = new InsertEventRequestData();
            files.setFilesAdded(Arrays.asList("file:/one"));
            FireEventRequestData data = new FireEventRequestData();
            data.setInsertData(files);
            FireEventRequest request = new FireEventRequest(true, data);
            request.setDbName(db);
            request.setTableName("u");
            client.fireListenerEvent(request);
            equal(types(since(before)), Arrays.asList("INSERT"));
        });
    }

    /** Those of this database: others work too. */
    private List<NotificationEvent> since(long event) throws Exception {
        return client.getNextNotification(event, 0, each -> db.equals(each.getDbName())).getEvents();
    }

    private static List<String> types(List<NotificationEvent> events) {
        return events.stream().map(NotificationEvent::getEventType).collect(Collectors.toList());
    }
}
