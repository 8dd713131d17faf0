import java.util.Arrays;

import org.apache.hadoop.hive.metastore.api.CheckConstraintsRequest;
import org.apache.hadoop.hive.metastore.api.DefaultConstraintsRequest;
import org.apache.hadoop.hive.metastore.api.NotNullConstraintsRequest;
import org.apache.hadoop.hive.metastore.api.SQLCheckConstraint;
import org.apache.hadoop.hive.metastore.api.SQLDefaultConstraint;
import org.apache.hadoop.hive.metastore.api.SQLNotNullConstraint;
import org.apache.hadoop.hive.metastore.api.SQLUniqueConstraint;
import org.apache.hadoop.hive.metastore.api.UniqueConstraintsRequest;

/** The kinds of constraints that came with Hive 3. */
final class MoreConstraints extends Noun {
    @Override
    void steps() throws Exception {
        client.createTableWithConstraints(table("t"), null, null,
            Arrays.asList(new SQLUniqueConstraint("hive", db, "t", "id", 1, "u", true, false, true)),
            Arrays.asList(new SQLNotNullConstraint("hive", db, "t", "name", "n", true, false, true)), null, null);
        step("those that the table was created with", () -> {
            equal(client.getUniqueConstraints(new UniqueConstraintsRequest("hive", db, "t")).get(0).getColumn_name(), "id");
            equal(client.getNotNullConstraints(new NotNullConstraintsRequest("hive", db, "t")).get(0).getNn_name(), "n");
        });
        step("those added", () -> {
            client.addDefaultConstraint(Arrays.asList(new SQLDefaultConstraint("hive", db, "t", "name", "'x'", "d", true, false, true)));
            equal(client.getDefaultConstraints(new DefaultConstraintsRequest("hive", db, "t")).get(0).getDefault_value(), "'x'");
            client.addCheckConstraint(Arrays.asList(new SQLCheckConstraint("hive", db, "t", "id", "id > 0", "c", true, false, true)));
            equal(client.getCheckConstraints(new CheckConstraintsRequest("hive", db, "t")).get(0).getCheck_expression(), "id > 0");
        });
        step("drop", () -> {
            for (String name : Arrays.asList("u", "n", "d", "c")) {
                client.dropConstraint(db, "t", name);
            }
            equal(client.getUniqueConstraints(new UniqueConstraintsRequest("hive", db, "t")).size(), 0);
            equal(client.getCheckConstraints(new CheckConstraintsRequest("hive", db, "t")).size(), 0);
        });
    }
}
