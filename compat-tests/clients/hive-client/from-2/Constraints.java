import java.util.Arrays;
import java.util.List;

import org.apache.hadoop.hive.metastore.api.ForeignKeysRequest;
import org.apache.hadoop.hive.metastore.api.PrimaryKeysRequest;
import org.apache.hadoop.hive.metastore.api.SQLForeignKey;
import org.apache.hadoop.hive.metastore.api.SQLPrimaryKey;
import org.apache.thrift.TException;

final class Constraints extends Noun {
    @Override
    void steps() throws Exception {
        created(table("parent"));
        created(table("child"));
        step("a primary key", () -> {
            client.addPrimaryKey(Arrays.asList(key("id", 1), key("name", 2)));
            List<SQLPrimaryKey> got = client.getPrimaryKeys(new PrimaryKeysRequest(db, "parent"));
            equal(got.size(), 2);
            equal(got.get(0).getColumn_name(), "id");
            equal(got.get(1).getKey_seq(), 2);
            equal(got.get(0).getPk_name(), "pk");
            equal(got.get(0).isRely_cstr(), true);
            refused(TException.class, "", () -> client.addPrimaryKey(Arrays.asList(key("id", 1))));
        });
        step("a foreign key", () -> {
            client.addForeignKey(Arrays.asList(reference("id", 1), reference("name", 2)));
            List<SQLForeignKey> got = client.getForeignKeys(new ForeignKeysRequest(db, "parent", db, "child"));
            equal(got.size(), 2);
            equal(got.get(0).getFk_name(), "fk");
            equal(got.get(0).getFkcolumn_name(), "id");
            equal(got.get(0).getPk_name(), "pk");
        });
        step("drop", () -> {
            client.dropConstraint(db, "child", "fk");
            equal(client.getForeignKeys(new ForeignKeysRequest(db, "parent", db, "child")).size(), 0);
            client.dropConstraint(db, "parent", "pk");
            equal(client.getPrimaryKeys(new PrimaryKeysRequest(db, "parent")).size(), 0);
            // Hive throws what the method does not declare.
            refused(TException.class, "pk", () -> client.dropConstraint(db, "parent", "pk"));
        });
    }

    private SQLPrimaryKey key(String column, int position) {
        return new SQLPrimaryKey(db, "parent", column, position, "pk", false, false, true);
    }

    private SQLForeignKey reference(String column, int position) {
        SQLForeignKey key = new SQLForeignKey();
        key.setPktable_db(db);
        key.setPktable_name("parent");
        key.setPkcolumn_name(column);
        key.setPk_name("pk");
        key.setFktable_db(db);
        key.setFktable_name("child");
        key.setFkcolumn_name(column);
        key.setFk_name("fk");
        key.setKey_seq(position);
        return key;
    }
}
