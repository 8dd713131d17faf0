import org.apache.hadoop.hive.conf.HiveConf;

/**
 * Goes through the catalog with the metastore client of the release on the class path, by the classes of the nouns that
 * are named. Prints what the workloads of engines/ print.
 */
public final class Main {
    public static void main(String[] nouns) throws Exception {
        HiveConf conf = new HiveConf();
        conf.set("hive.metastore.uris", System.getenv("METASTORE_URI"));
        for (String noun : nouns) {
            ((Noun) Class.forName(noun).getDeclaredConstructor().newInstance()).run(conf);
        }
        System.out.println(Noun.passed + " passed, " + Noun.failed + " failed");
        System.exit(Noun.failed > 0 || Noun.passed == 0 ? 1 : 0);
    }
}
