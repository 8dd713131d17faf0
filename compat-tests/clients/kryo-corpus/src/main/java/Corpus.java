import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.Serializable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.ql.exec.ColumnInfo;
import org.apache.hadoop.hive.ql.exec.SerializationUtilities;
import org.apache.hadoop.hive.ql.optimizer.ConstantPropagateProcFactory;
import org.apache.hadoop.hive.ql.optimizer.ppr.PartExprEvalUtils;
import org.apache.hadoop.hive.ql.parse.ASTNode;
import org.apache.hadoop.hive.ql.parse.ParseDriver;
import org.apache.hadoop.hive.ql.parse.RowResolver;
import org.apache.hadoop.hive.ql.plan.ExprNodeDesc;
import org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc;
import org.apache.hadoop.hive.ql.session.SessionState;
import org.apache.hadoop.hive.serde2.objectinspector.ObjectInspectorConverters;
import org.apache.hadoop.hive.serde2.objectinspector.primitive.PrimitiveObjectInspectorFactory;
import org.apache.hadoop.hive.serde2.typeinfo.PrimitiveTypeInfo;
import org.apache.hadoop.hive.serde2.typeinfo.TypeInfoUtils;

/**
 * Reads conditions of HiveQL, one a line, and writes them as Hive of the release on the class path sends them to a
 * metastore: the release, the condition, Hive's own text of the tree, what it evaluates to for each partition of a
 * file, and the bytes in base64. See README.md.
 */
public class Corpus {
    private static final String[][] KEYS = {
        {"region", "string"}, {"dt", "string"}, {"hr", "int"}, {"big", "bigint"}, {"small", "smallint"},
        {"tiny", "tinyint"}, {"day", "date"}, {"at", "timestamp"}, {"amount", "decimal(10,2)"},
        {"ratio", "double"}, {"share", "float"}, {"flag", "boolean"}, {"v", "varchar(20)"}, {"c", "char(5)"},
    };

    /** A session of Hive 3.1 wants a class loader of Java 8's kind. */
    public static void main(String[] args) throws Exception {
        List<URL> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            path.add(new File(entry).toURI().toURL());
        }
        ClassLoader loader =
            new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getSystemClassLoader().getParent());
        Thread.currentThread().setContextClassLoader(loader);
        loader.loadClass("Corpus").getMethod("write", String[].class).invoke(null, (Object) args);
    }

    public static void write(String[] args) throws Exception {
        String release = args[0];
        List<String[]> partitions = new ArrayList<>();
        for (String line : Files.readAllLines(Paths.get(args[1]), StandardCharsets.UTF_8)) {
            partitions.add(line.split("\t"));
        }
        HiveConf conf = new HiveConf();
        conf.set("hive.strict.checks.type.safety", "false");
        SessionState.setCurrentSessionState(new SessionState(conf));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String text; (text = in.readLine()) != null; ) {
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            try {
                ExprNodeDesc tree = tree(text);
                print(release, text, tree, partitions);
                ExprNodeDesc folded = folded(tree.clone());
                if (!folded.getExprString().equals(tree.getExprString())) {
                    print(release, text, folded, partitions);
                }
            } catch (InvocationTargetException error) {
                System.err.println(release + " has no " + text + ": " + error.getCause());
            } catch (Exception error) {
                System.err.println(release + " has no " + text + ": " + error);
            }
        }
    }

    private static void print(String release, String text, ExprNodeDesc tree, List<String[]> partitions)
        throws Exception {
        byte[] bytes;
        try {
            bytes = bytes(tree);
        } catch (IllegalArgumentException notAFunction) {
            return; // Before 4.0 only functions can be sent.
        }
        String made = tree.getExprString().replace("\t", "\\t").replace("\n", "\\n");
        StringBuilder truth = new StringBuilder();
        for (String[] partition : partitions) {
            truth.append(truth(tree, partition));
        }
        System.out.println(
            String.join("\t", release, text, made, truth, Base64.getEncoder().encodeToString(bytes)));
    }

    /** What a metastore with Hive's own code makes of the expression for one partition: t, f, n for null, ! for an error. */
    private static char truth(ExprNodeDesc tree, String[] partition) throws Exception {
        List<String> names = new ArrayList<>();
        List<PrimitiveTypeInfo> types = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (int key = 0; key < KEYS.length; key++) {
            PrimitiveTypeInfo type = (PrimitiveTypeInfo) TypeInfoUtils.getTypeInfoFromTypeString(KEYS[key][1]);
            names.add(KEYS[key][0]);
            types.add(type);
            values.add(partition[key].equals("__HIVE_DEFAULT_PARTITION__") ? null : ObjectInspectorConverters
                .getConverter(
                    PrimitiveObjectInspectorFactory.javaStringObjectInspector,
                    PrimitiveObjectInspectorFactory.getPrimitiveJavaObjectInspector(type))
                .convert(partition[key]));
        }
        Object prepared = null;
        try {
            for (Method method : PartExprEvalUtils.class.getDeclaredMethods()) {
                if (method.getName().equals("prepareExpr")) {
                    method.setAccessible(true);
                    prepared = method.invoke(null, tree.clone(), names, types);
                }
            }
            for (Method method : PartExprEvalUtils.class.getDeclaredMethods()) {
                if (method.getName().equals("evaluateExprOnPart")) {
                    method.setAccessible(true);
                    Object truth = method.invoke(null, prepared, values);
                    return truth == null ? 'n' : (Boolean) truth ? 't' : 'f';
                }
            }
        } catch (InvocationTargetException | IllegalArgumentException notEvaluated) {
            return '!';
        }
        throw new IllegalStateException("Hive evaluates otherwise");
    }

    /** The tree as type checking makes it. */
    private static ExprNodeDesc tree(String text) throws Exception {
        boolean fixed = text.startsWith("@");
        ASTNode parsed = (ASTNode) new ParseDriver().parseExpression(fixed ? text.substring(1) : text);
        while (parsed.getToken() == null || parsed.getText().equals("nil")) {
            parsed = (ASTNode) parsed.getChild(0);
        }
        RowResolver rows = new RowResolver();
        for (String[] key : KEYS) {
            rows.put("t", key[0], new ColumnInfo(key[0], TypeInfoUtils.getTypeInfoFromTypeString(key[1]), "t", true));
        }
        // Both moved between 3.1 and 4.0.
        Class<?> context = known("parse.type.TypeCheckCtx", "parse.TypeCheckCtx");
        Class<?> factory = known("parse.type.ExprNodeTypeCheck", "parse.TypeCheckProcFactory");
        Object around = context.getConstructor(RowResolver.class).newInstance(rows);
        Map<?, ?> found = (Map<?, ?>) factory.getMethod("genExprNode", ASTNode.class, context).invoke(null, parsed, around);
        ExprNodeDesc tree = (ExprNodeDesc) found.get(parsed);
        if (tree == null) {
            throw new IllegalArgumentException((String) context.getMethod("getError").invoke(around));
        }
        if (fixed) {
            fix(tree);
        }
        return tree;
    }

    /** Puts lists of a fixed size in the place of all others: Hive makes trees with both. */
    private static void fix(ExprNodeDesc tree) {
        if (tree instanceof ExprNodeGenericFuncDesc) {
            ExprNodeGenericFuncDesc function = (ExprNodeGenericFuncDesc) tree;
            function.getChildren().forEach(Corpus::fix);
            function.setChildren(Arrays.asList(function.getChildren().toArray(new ExprNodeDesc[0])));
        }
    }

    /** With functions of constants computed, as the optimizer does before it asks for partitions. */
    private static ExprNodeDesc folded(ExprNodeDesc tree) throws Exception {
        if (!(tree instanceof ExprNodeGenericFuncDesc)) {
            return tree;
        }
        ExprNodeGenericFuncDesc function = (ExprNodeGenericFuncDesc) tree;
        List<ExprNodeDesc> children = new ArrayList<>();
        for (ExprNodeDesc child : function.getChildren()) {
            children.add(folded(child));
        }
        function.setChildren(children);
        ExprNodeDesc constant = ConstantPropagateProcFactory.foldExpr(function);
        return constant == null ? function : constant;
    }

    private static Class<?> known(String newer, String older) throws ClassNotFoundException {
        try {
            return Class.forName("org.apache.hadoop.hive.ql." + newer);
        } catch (ClassNotFoundException absent) {
            return Class.forName("org.apache.hadoop.hive.ql." + older);
        }
    }

    /** As Hive's client does it, with the class of the root before it since 4.0. */
    private static byte[] bytes(ExprNodeDesc tree) throws Exception {
        try {
            return (byte[]) SerializationUtilities.class
                .getMethod("serializeObjectWithTypeInformation", Serializable.class)
                .invoke(null, tree);
        } catch (NoSuchMethodException older) {
            return (byte[]) SerializationUtilities.class
                .getMethod("serializeExpressionToKryo", ExprNodeGenericFuncDesc.class)
                .invoke(null, tree);
        }
    }
}
