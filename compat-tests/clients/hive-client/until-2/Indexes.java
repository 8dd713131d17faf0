import java.util.ArrayList;

import org.apache.hadoop.hive.metastore.api.Index;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.thrift.TException;

/** Hive 3 has none, and neither has Propolis: it says so. */
final class Indexes extends Noun {
    @Override
    void steps() throws Exception {
        created(table("t"));
        Table at = table("t_i");
        at.setTableType("INDEX_TABLE");
        Index index = new Index("i", "compact", db, "t", 0, 0, "t_i", at.getSd(), map(), true);
        step("none is created", () -> {
            refused(TException.class, "index", () -> client.createIndex(index, at));
            equal(client.tableExists(db, "t_i"), false);
        });
        step("none is there", () -> {
            equal(client.listIndexNames(db, "t", (short) -1), new ArrayList<>());
            equal(client.listIndexes(db, "t", (short) -1), new ArrayList<>());
            refused(TException.class, "i", () -> client.getIndex(db, "t", "i"));
            refused(TException.class, "i", () -> client.dropIndex(db, "t", "i", true));
        });
    }
}
