import org.apache.hadoop.hive.metastore.api.AddPackageRequest;
import org.apache.hadoop.hive.metastore.api.DropPackageRequest;
import org.apache.hadoop.hive.metastore.api.GetPackageRequest;
import org.apache.hadoop.hive.metastore.api.ListPackageRequest;
import org.apache.hadoop.hive.metastore.api.ListStoredProcedureRequest;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.StoredProcedure;
import org.apache.hadoop.hive.metastore.api.StoredProcedureRequest;

/** Stored procedures and packages of them. */
final class Procedures extends Noun {
    @Override
    void steps() {
        step("a procedure", () -> {
            client.createStoredProcedure(new StoredProcedure("p", db, "hive", "lea", "create procedure p() begin end"));
            equal(client.getStoredProcedure(new StoredProcedureRequest("hive", db, "p")).getSource(), "create procedure p() begin end");
            check(client.getAllStoredProcedures(new ListStoredProcedureRequest("hive")).contains("p"), "p is not there");
            client.dropStoredProcedure(new StoredProcedureRequest("hive", db, "p"));
            refused(NoSuchObjectException.class, "p", () -> client.getStoredProcedure(new StoredProcedureRequest("hive", db, "p")));
        });
        step("a package", () -> {
            client.addPackage(new AddPackageRequest("hive", db, "pack", "lea", "header", "body"));
            equal(client.findPackage(new GetPackageRequest("hive", db, "pack")).getBody(), "body");
            check(client.listPackages(new ListPackageRequest("hive")).contains("pack"), "pack is not there");
            client.dropPackage(new DropPackageRequest("hive", db, "pack"));
            refused(NoSuchObjectException.class, "pack", () -> client.findPackage(new GetPackageRequest("hive", db, "pack")));
        });
    }
}
