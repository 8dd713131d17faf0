import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.metastore.HiveMetaStoreClient;
import org.apache.hadoop.hive.metastore.api.Database;
import org.apache.hadoop.hive.metastore.api.FieldSchema;
import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.SerDeInfo;
import org.apache.hadoop.hive.metastore.api.StorageDescriptor;
import org.apache.hadoop.hive.metastore.api.Table;

/** What a client does with one noun of the catalog: steps that each have a name and check what they do. */
abstract class Noun {
    interface Action {
        void run() throws Exception;
    }

    static int passed;
    static int failed;

    HiveConf conf;
    HiveMetaStoreClient client;
    /** A database that is this noun's alone. */
    String db;

    abstract void steps() throws Exception;

    final void run(HiveConf settings) throws Exception {
        conf = settings;
        client = new HiveMetaStoreClient(settings);
        db = unique("hive_client");
        client.createDatabase(new Database(db, "of " + getClass().getName(), null, new HashMap<>()));
        // What is between the steps fails as they do.
        try {
            steps();
        } catch (Exception error) {
            fail("between the steps", error);
        }
        step("its database is dropped with all that is in it", () -> client.dropDatabase(db, true, false, true));
        client.close();
    }

    /** A name that no other run uses: the metastore may be shared and keep what it has. */
    static String unique(String name) {
        return name + "_" + UUID.randomUUID().toString().substring(0, 8);
    }

    final void step(String name, Action action) {
        long start = System.nanoTime();
        try {
            action.run();
        } catch (Throwable error) {
            fail(name, error);
            return;
        }
        passed++;
        System.out.printf(Locale.ROOT, "ok   %s: %s (%.1fs)%n", getClass().getName(), name, (System.nanoTime() - start) / 1e9);
    }

    private void fail(String name, Throwable error) {
        failed++;
        System.out.printf("FAIL %s: %s: %s%n", getClass().getName(), name, error.toString().split("\n")[0]);
        error.printStackTrace();
    }

    static void equal(Object actual, Object expected) {
        if (!Objects.equals(actual, expected)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
    }

    /** The same whatever the order. */
    static void same(List<String> actual, String... expected) {
        List<String> sorted = new ArrayList<>(actual);
        sorted.sort(null);
        Arrays.sort(expected);
        equal(sorted, Arrays.asList(expected));
    }

    static void check(boolean truth, Object seen) {
        if (!truth) {
            throw new AssertionError("unexpected: " + seen);
        }
    }

    /** The action ends in an error of this class that has the words in it, upper or lower case. */
    static void refused(Class<? extends Exception> expected, String words, Action action) throws Exception {
        try {
            action.run();
        } catch (Exception error) {
            if (!expected.isInstance(error) || !error.toString().toLowerCase(Locale.ROOT).contains(words.toLowerCase(Locale.ROOT))) {
                throw new AssertionError("refused, but not by " + expected.getSimpleName() + " with '" + words + "'", error);
            }
            return;
        }
        throw new AssertionError("accepted, but should be refused by " + expected.getSimpleName());
    }

    static FieldSchema column(String name, String type) {
        return new FieldSchema(name, type, "the " + name);
    }

    /** A table of text files with the columns id and name. */
    final Table table(String name, FieldSchema... keys) {
        SerDeInfo serde = new SerDeInfo(null, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", new HashMap<>());
        serde.putToParameters("serialization.format", "1");
        StorageDescriptor storage = new StorageDescriptor();
        storage.setCols(new ArrayList<>(Arrays.asList(column("id", "bigint"), column("name", "string"))));
        storage.setInputFormat("org.apache.hadoop.mapred.TextInputFormat");
        storage.setOutputFormat("org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat");
        storage.setNumBuckets(-1);
        storage.setSerdeInfo(serde);
        storage.setBucketCols(new ArrayList<>());
        storage.setSortCols(new ArrayList<>());
        storage.setParameters(new HashMap<>());
        Table table = new Table();
        table.setDbName(db);
        table.setTableName(name);
        table.setOwner("lea");
        table.setTableType("MANAGED_TABLE");
        table.setSd(storage);
        table.setPartitionKeys(new ArrayList<>(Arrays.asList(keys)));
        table.setParameters(new HashMap<>());
        return table;
    }

    /** The table as the metastore has it after creating it. */
    final Table created(Table table) throws Exception {
        client.createTable(table);
        return client.getTable(table.getDbName(), table.getTableName());
    }

    static Partition partition(Table table, String... values) {
        Partition partition = new Partition();
        partition.setDbName(table.getDbName());
        partition.setTableName(table.getTableName());
        partition.setValues(Arrays.asList(values));
        StorageDescriptor storage = table.getSd().deepCopy();
        storage.unsetLocation();
        partition.setSd(storage);
        partition.setParameters(new HashMap<>());
        return partition;
    }

    static Map<String, String> map(String... keysAndValues) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
