import org.apache.hadoop.hive.metastore.api.DataConnector;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;

final class DataConnectors extends Noun {
    @Override
    void steps() {
        String name = unique("connector");
        step("create, get, list, alter", () -> {
            DataConnector made = new DataConnector(name, "postgres", "jdbc:postgresql://localhost/x");
            made.setParameters(map("k", "v"));
            client.createDataConnector(made);
            DataConnector got = client.getDataConnector(name);
            equal(got.getType(), "postgres");
            equal(got.getUrl(), "jdbc:postgresql://localhost/x");
            check(client.getAllDataConnectorNames().contains(name), client.getAllDataConnectorNames());
            got.setDescription("changed here");
            client.alterDataConnector(name, got);
            equal(client.getDataConnector(name).getDescription(), "changed here");
        });
        step("drop", () -> {
            client.dropDataConnector(name, false, false);
            refused(NoSuchObjectException.class, name, () -> client.getDataConnector(name));
            client.dropDataConnector(name, true, false);
        });
    }
}
