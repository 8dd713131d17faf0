import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.Database;
import org.apache.hadoop.hive.metastore.api.InvalidOperationException;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.PrincipalType;
import org.apache.hadoop.hive.metastore.api.Table;

final class Databases extends Noun {
    @Override
    void steps() {
        String name = unique("databases");
        step("create and get", () -> {
            Database made = new Database(name, "made here", null, map("k", "v"));
            made.setOwnerName("lea");
            made.setOwnerType(PrincipalType.USER);
            client.createDatabase(made);
            Database got = client.getDatabase(name);
            equal(got.getName(), name);
            equal(got.getDescription(), "made here");
            equal(got.getParameters().get("k"), "v");
            equal(got.getOwnerName(), "lea");
            equal(got.getOwnerType(), PrincipalType.USER);
            check(got.getLocationUri().endsWith("/" + name + ".db"), got);
        });
        step("a name is taken once", () -> refused(AlreadyExistsException.class, name,
            () -> client.createDatabase(new Database(name, null, null, map()))));
        step("list", () -> {
            check(client.getAllDatabases().contains(name), client.getAllDatabases());
            same(client.getDatabases(name.substring(0, name.length() - 1) + "*"), name);
            same(client.getDatabases("no_such_*|" + name), name);
            same(client.getDatabases(unique("no_such")));
        });
        step("alter", () -> {
            Database changed = client.getDatabase(name);
            changed.setDescription("changed here");
            changed.setParameters(map("k", "w", "l", "x"));
            changed.setOwnerName("ops");
            changed.setOwnerType(PrincipalType.ROLE);
            client.alterDatabase(name, changed);
            Database got = client.getDatabase(name);
            equal(got.getDescription(), "changed here");
            equal(got.getParameters(), map("k", "w", "l", "x"));
            equal(got.getOwnerName(), "ops");
            equal(got.getOwnerType(), PrincipalType.ROLE);
        });
        step("what is in use is not dropped", () -> {
            client.createTable(inside(name));
            refused(InvalidOperationException.class, name, () -> client.dropDatabase(name, true, false));
            equal(client.tableExists(name, "t"), true);
        });
        step("drop with what is in it", () -> {
            client.dropDatabase(name, true, false, true);
            refused(NoSuchObjectException.class, name, () -> client.getDatabase(name));
            refused(NoSuchObjectException.class, name, () -> client.dropDatabase(name, true, false));
            client.dropDatabase(name, true, true);
        });
    }

    private Table inside(String database) {
        Table table = table("t");
        table.setDbName(database);
        return table;
    }
}
