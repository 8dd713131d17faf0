import java.util.Arrays;

/** What servers of Hive keep in the metastore: delegation tokens, and the keys that they are made with. */
final class Tokens extends Noun {
    @Override
    void steps() {
        String name = unique("token");
        step("a token", () -> {
            equal(client.addToken(name, "secret"), true);
            equal(client.addToken(name, "another"), false);
            equal(client.getToken(name), "secret");
            check(client.getAllTokenIdentifiers().contains(name), client.getAllTokenIdentifiers());
            equal(client.removeToken(name), true);
            equal(client.removeToken(name), false);
            check(!client.getAllTokenIdentifiers().contains(name), client.getAllTokenIdentifiers());
        });
        step("a master key", () -> {
            int id = client.addMasterKey("first of " + name);
            client.updateMasterKey(id, "second of " + name);
            check(Arrays.asList(client.getMasterKeys()).contains("second of " + name), "the key is not there");
            equal(client.removeMasterKey(id), true);
            check(!Arrays.asList(client.getMasterKeys()).contains("second of " + name), "the key is there");
        });
    }
}
