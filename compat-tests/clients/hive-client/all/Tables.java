import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.FieldSchema;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.thrift.TException;

final class Tables extends Noun {
    @Override
    void steps() {
        step("create and get", () -> {
            Table made = table("plain", column("ds", "string"));
            made.putToParameters("k", "v");
            made.setRetention(3);
            Table got = created(made);
            equal(got.getSd().getCols(), made.getSd().getCols());
            equal(got.getPartitionKeys(), made.getPartitionKeys());
            equal(got.getSd().getSerdeInfo().getParameters(), made.getSd().getSerdeInfo().getParameters());
            equal(got.getParameters().get("k"), "v");
            equal(got.getOwner(), "lea");
            equal(got.getRetention(), 3);
            equal(got.getTableType(), "MANAGED_TABLE");
            check(got.getCreateTime() > 0, got);
            check(got.getSd().getLocation().endsWith("/" + db + ".db/plain"), got);
            check(Files.isDirectory(path(got)), got);
        });
        step("a name is taken once", () ->
            refused(AlreadyExistsException.class, "plain", () -> client.createTable(table("PLAIN"))));
        step("no table without its database", () -> {
            Table lost = table("lost");
            lost.setDbName(unique("no_such"));
            refused(TException.class, lost.getDbName(), () -> client.createTable(lost));
        });
        step("fields without keys, schema with them", () -> {
            same(names(client.getFields(db, "plain")), "id", "name");
            same(names(client.getSchema(db, "plain")), "id", "name", "ds");
        });
        step("list", () -> {
            Table other = table("other");
            other.setOwner("bob");
            other.putToParameters("kind", "second");
            created(other);
            same(client.getAllTables(db), "plain", "other");
            same(client.getTables(db, "pl*"), "plain");
            same(client.getTables(db, "PL*|oth*"), "plain", "other");
            equal(client.tableExists(db, "plain"), true);
            equal(client.tableExists(db, "missing"), false);
        });
        step("several at once", () -> {
            List<Table> tables = client.getTableObjectsByName(db, Arrays.asList("plain", "missing", "other"));
            same(tables.stream().map(Table::getTableName).collect(Collectors.toList()), "plain", "other");
        });
        step("names by filter", () -> {
            same(client.listTableNamesByFilter(db, "hive_filter_field_owner__ = \"bob\"", (short) -1), "other");
            same(client.listTableNamesByFilter(db, "hive_filter_field_params__kind = \"second\"", (short) -1), "other");
            same(client.listTableNamesByFilter(db,
                "hive_filter_field_owner__ like \".*\" and hive_filter_field_last_access__ >= 0", (short) 10), "plain", "other");
        });
        step("alter", () -> {
            Table changed = client.getTable(db, "other");
            changed.getSd().addToCols(column("more", "decimal(10,2)"));
            changed.putToParameters("kind", "third");
            client.alter_table(db, "other", changed);
            Table got = client.getTable(db, "other");
            equal(got.getSd().getCols().get(2), column("more", "decimal(10,2)"));
            equal(got.getParameters().get("kind"), "third");
        });
        step("rename moves the files", () -> {
            Table renamed = client.getTable(db, "other");
            Path before = path(renamed);
            Files.write(before.resolve("data"), new byte[] {1});
            renamed.setTableName("another");
            client.alter_table(db, "other", renamed);
            equal(client.tableExists(db, "other"), false);
            check(Files.exists(path(client.getTable(db, "another")).resolve("data")), before);
            check(!Files.exists(before), before);
        });
        step("an external table's files outlive it", () -> {
            Path files = Files.createTempDirectory(Path.of(System.getenv("SCRATCH")), "external");
            Table external = table("outside");
            external.setTableType("EXTERNAL_TABLE");
            external.putToParameters("EXTERNAL", "TRUE");
            external.getSd().setLocation("file:" + files);
            equal(path(created(external)), files);
            client.dropTable(db, "outside", true, false);
            equal(client.tableExists(db, "outside"), false);
            check(Files.isDirectory(files), files);
        });
        step("a view", () -> {
            Table view = table("seen");
            view.setTableType("VIRTUAL_VIEW");
            view.setViewOriginalText("select id from plain");
            view.setViewExpandedText("select `plain`.`id` from `plain`");
            Table got = created(view);
            equal(got.getTableType(), "VIRTUAL_VIEW");
            equal(got.getViewExpandedText(), "select `plain`.`id` from `plain`");
            equal(got.getSd().getLocation(), null);
        });
        step("drop", () -> {
            Path files = path(client.getTable(db, "another"));
            client.dropTable(db, "another", true, false);
            check(!Files.exists(files), files);
            refused(NoSuchObjectException.class, "another", () -> client.getTable(db, "another"));
            refused(NoSuchObjectException.class, "another", () -> client.dropTable(db, "another", true, false));
            client.dropTable(db, "another", true, true);
        });
    }

    private static Path path(Table table) {
        return Path.of(URI.create(table.getSd().getLocation()).getPath());
    }

    private static List<String> names(List<FieldSchema> columns) {
        return columns.stream().map(FieldSchema::getName).collect(Collectors.toList());
    }
}
