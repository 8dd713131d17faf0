import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.QueryState;
import org.apache.hadoop.hive.metastore.api.ScheduledQuery;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryKey;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryMaintenanceRequest;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryMaintenanceRequestType;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryPollRequest;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryPollResponse;
import org.apache.hadoop.hive.metastore.api.ScheduledQueryProgressInfo;

final class ScheduledQueries extends Noun {
    @Override
    void steps() {
        String namespace = unique("namespace");
        ScheduledQueryKey key = new ScheduledQueryKey("nightly", namespace);
        ScheduledQuery query = new ScheduledQuery(key);
        query.setEnabled(true);
        query.setSchedule("* * * * * ? *");
        query.setUser("lea");
        query.setQuery("select 1");
        step("create and get", () -> {
            change(ScheduledQueryMaintenanceRequestType.CREATE, query);
            equal(client.getScheduledQuery(key).getQuery(), "select 1");
            equal(client.getScheduledQuery(key).isEnabled(), true);
        });
        step("run", () -> {
            ScheduledQueryPollRequest poll = new ScheduledQueryPollRequest(namespace);
            ScheduledQueryPollResponse due = client.scheduledQueryPoll(poll);
            for (int i = 0; i < 50 && !due.isSetExecutionId(); i++) {
                Thread.sleep(100);
                due = client.scheduledQueryPoll(poll);
            }
            check(due.getQuery().endsWith("select 1"), due);
            equal(due.getUser(), "lea");
            ScheduledQueryProgressInfo done =
                new ScheduledQueryProgressInfo(due.getExecutionId(), QueryState.FINISHED, "executor");
            client.scheduledQueryProgress(done);
        });
        step("disable and drop", () -> {
            query.setEnabled(false);
            change(ScheduledQueryMaintenanceRequestType.ALTER, query);
            equal(client.getScheduledQuery(key).isEnabled(), false);
            equal(client.scheduledQueryPoll(new ScheduledQueryPollRequest(namespace)).isSetExecutionId(), false);
            change(ScheduledQueryMaintenanceRequestType.DROP, query);
            refused(NoSuchObjectException.class, "nightly", () -> client.getScheduledQuery(key));
        });
    }

    private void change(ScheduledQueryMaintenanceRequestType type, ScheduledQuery query) throws Exception {
        client.scheduledQueryMaintenance(new ScheduledQueryMaintenanceRequest(type, query));
    }
}
