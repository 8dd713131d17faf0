import java.util.Arrays;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.FindSchemasByColsRqst;
import org.apache.hadoop.hive.metastore.api.ISchema;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.SchemaCompatibility;
import org.apache.hadoop.hive.metastore.api.SchemaType;
import org.apache.hadoop.hive.metastore.api.SchemaValidation;
import org.apache.hadoop.hive.metastore.api.SchemaVersion;
import org.apache.hadoop.hive.metastore.api.SchemaVersionState;
import org.apache.hadoop.hive.metastore.api.ISchemaName;
import org.apache.hadoop.hive.metastore.api.SerDeInfo;

/** The registry of schemas, their versions and SerDes. */
final class Schemas extends Noun {
    @Override
    void steps() {
        String name = unique("schema");
        String serde = unique("serde");
        step("a schema", () -> {
            ISchema made = new ISchema(SchemaType.AVRO, name, "hive", db, SchemaCompatibility.FORWARD, SchemaValidation.ALL, true);
            client.createISchema(made);
            ISchema got = client.getISchema("hive", db, name);
            equal(got.getCompatibility(), SchemaCompatibility.FORWARD);
            equal(got.getSchemaType(), SchemaType.AVRO);
            refused(AlreadyExistsException.class, name, () -> client.createISchema(made));
            made.setCanEvolve(false);
            client.alterISchema("hive", db, name, made);
            equal(client.getISchema("hive", db, name).isCanEvolve(), false);
        });
        step("its versions", () -> {
            for (int number : new int[] {1, 2}) {
                SchemaVersion version = new SchemaVersion(new ISchemaName("hive", db, name), number, 100 + number,
                    Arrays.asList(column("c" + number + "_" + name, "int")));
                version.setState(SchemaVersionState.INITIATED);
                client.addSchemaVersion(version);
            }
            equal(client.getSchemaLatestVersion("hive", db, name).getVersion(), 2);
            equal(client.getSchemaVersion("hive", db, name, 1).getCreatedAt(), 101L);
            equal(client.getSchemaAllVersions("hive", db, name).size(), 2);
            FindSchemasByColsRqst request = new FindSchemasByColsRqst();
            request.setColName("c1_" + name);
            equal(client.getSchemaByCols(request).getSchemaVersions().stream().map(each -> each.getVersion())
                .collect(Collectors.toList()), Arrays.asList(1));
            client.setSchemaVersionState("hive", db, name, 2, SchemaVersionState.ENABLED);
            equal(client.getSchemaVersion("hive", db, name, 2).getState(), SchemaVersionState.ENABLED);
        });
        step("and SerDes", () -> {
            client.addSerDe(new SerDeInfo(serde, "org.example.SerDe", map("k", "v")));
            equal(client.getSerDe(serde).getParameters(), map("k", "v"));
            client.mapSchemaVersionToSerde("hive", db, name, 1, serde);
            equal(client.getSchemaVersion("hive", db, name, 1).getSerDe().getName(), serde);
        });
        step("drop", () -> {
            client.dropSchemaVersion("hive", db, name, 1);
            refused(NoSuchObjectException.class, "", () -> client.getSchemaVersion("hive", db, name, 1));
            client.dropSchemaVersion("hive", db, name, 2);
            client.dropISchema("hive", db, name);
            refused(NoSuchObjectException.class, name, () -> client.getISchema("hive", db, name));
        });
    }
}
