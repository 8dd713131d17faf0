import java.util.Arrays;

import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.Function;
import org.apache.hadoop.hive.metastore.api.FunctionType;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.PrincipalType;
import org.apache.hadoop.hive.metastore.api.ResourceType;
import org.apache.hadoop.hive.metastore.api.ResourceUri;

final class Functions extends Noun {
    @Override
    void steps() {
        step("create and get", () -> {
            client.createFunction(function("org.example.One"));
            Function got = client.getFunction(db, "f");
            equal(got.getClassName(), "org.example.One");
            equal(got.getOwnerName(), "lea");
            equal(got.getFunctionType(), FunctionType.JAVA);
            equal(got.getResourceUris(), Arrays.asList(new ResourceUri(ResourceType.JAR, "file:///f.jar")));
            check(got.getCreateTime() > 0, got);
        });
        step("a name is taken once", () ->
            refused(AlreadyExistsException.class, "f", () -> client.createFunction(function("org.example.Two"))));
        step("list", () -> {
            same(client.getFunctions(db, "*"), "f");
            same(client.getFunctions(db, "g*"));
        });
        step("alter", () -> {
            client.alterFunction(db, "f", function("org.example.Three"));
            equal(client.getFunction(db, "f").getClassName(), "org.example.Three");
        });
        step("drop", () -> {
            client.dropFunction(db, "f");
            refused(NoSuchObjectException.class, "f", () -> client.getFunction(db, "f"));
            refused(NoSuchObjectException.class, "f", () -> client.dropFunction(db, "f"));
        });
    }

    private Function function(String className) {
        return new Function("f", db, className, "lea", PrincipalType.USER, 0, FunctionType.JAVA,
            Arrays.asList(new ResourceUri(ResourceType.JAR, "file:///f.jar")));
    }
}
