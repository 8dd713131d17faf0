import org.apache.hadoop.hive.metastore.HiveMetaStoreClient;
import org.apache.hadoop.hive.metastore.api.MetaException;
import org.apache.thrift.TException;

final class Settings extends Noun {
    private static final String KEY = "hive.metastore.disallow.incompatible.col.type.changes";

    @Override
    void steps() {
        step("of a session", () -> {
            client.setMetaConf(KEY, "false");
            equal(client.getMetaConf(KEY), "false");
            client.setMetaConf(KEY, "true");
            equal(client.getMetaConf(KEY), "true");
        });
        step("and of no other", () -> {
            client.setMetaConf(KEY, "false");
            HiveMetaStoreClient other = new HiveMetaStoreClient(conf);
            equal(other.getMetaConf(KEY), "true");
            other.close();
        });
        step("none that there are not, and no values that are none", () -> {
            refused(MetaException.class, "no.such.key", () -> client.setMetaConf("no.such.key", "1"));
            refused(MetaException.class, "no.such.key", () -> client.getMetaConf("no.such.key"));
            refused(MetaException.class, "maybe", () -> client.setMetaConf(KEY, "maybe"));
        });
        step("of the server", () -> {
            equal(client.getConfigValue("hive.no.such.key", "otherwise"), "otherwise");
            check(!client.getConfigValue("hive.metastore.warehouse.dir", "").isEmpty(), "no warehouse");
        });
        step("no tokens for those who have not logged in", () ->
            refused(TException.class, "", () -> client.getDelegationToken("lea", "lea")));
    }
}
