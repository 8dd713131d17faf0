import java.util.Arrays;

import org.apache.hadoop.hive.metastore.api.Catalog;
import org.apache.hadoop.hive.metastore.api.Database;
import org.apache.hadoop.hive.metastore.api.InvalidOperationException;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.Table;

final class Catalogs extends Noun {
    @Override
    void steps() throws Exception {
        String name = unique("catalog");
        step("create, get, list, alter", () -> {
            Catalog made = new Catalog(name, "file:" + System.getenv("SCRATCH") + "/" + name);
            made.setDescription("made here");
            client.createCatalog(made);
            equal(client.getCatalog(name).getDescription(), "made here");
            check(client.getCatalogs().containsAll(Arrays.asList("hive", name)), client.getCatalogs());
            made.setDescription("changed here");
            client.alterCatalog(name, made);
            equal(client.getCatalog(name).getDescription(), "changed here");
            same(client.getAllDatabases(name), "default");
        });
        step("a database and a table in it", () -> {
            Database database = new Database("sales", "in " + name, null, map());
            database.setCatalogName(name);
            client.createDatabase(database);
            equal(client.getDatabase(name, "sales").getCatalogName(), name);
            Table table = table("t", column("ds", "string"));
            table.setCatName(name);
            table.setDbName("sales");
            client.createTable(table);
            equal(client.getTable(name, "sales", "t").getCatName(), name);
            same(client.getAllTables(name, "sales"), "t");
            client.appendPartition(name, "sales", "t", Arrays.asList("a"));
            same(client.listPartitionNames(name, "sales", "t", -1), "ds=a");
            check(!client.getAllDatabases().contains("sales_of_" + name), client.getAllDatabases());
        });
        step("drop", () -> {
            refused(InvalidOperationException.class, name, () -> client.dropCatalog(name));
            client.dropDatabase(name, "sales", true, false, true);
            client.dropCatalog(name);
            refused(NoSuchObjectException.class, name, () -> client.getCatalog(name));
        });
    }
}
