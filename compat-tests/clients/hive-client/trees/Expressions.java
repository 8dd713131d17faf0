import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.Partition;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.hadoop.hive.ql.plan.ExprNodeColumnDesc;
import org.apache.hadoop.hive.ql.plan.ExprNodeConstantDesc;
import org.apache.hadoop.hive.ql.plan.ExprNodeDesc;
import org.apache.hadoop.hive.ql.plan.ExprNodeGenericFuncDesc;
import org.apache.hadoop.hive.ql.udf.generic.GenericUDF;
import org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPAnd;
import org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPEqual;
import org.apache.hadoop.hive.ql.udf.generic.GenericUDFOPLessThan;
import org.apache.hadoop.hive.serde2.typeinfo.PrimitiveTypeInfo;
import org.apache.hadoop.hive.serde2.typeinfo.TypeInfoFactory;

/** Conditions on partitions as Hive sends them. */
final class Expressions extends Noun {
    @Override
    void steps() throws Exception {
        Table table = created(table("t", column("ds", "string"), column("hr", "int")));
        List<Partition> all = new ArrayList<>();
        for (String ds : Arrays.asList("a", "b")) {
            for (String hr : Arrays.asList("1", "2", "10")) {
                all.add(partition(table, ds, hr));
            }
        }
        client.add_partitions(all);
        ExprNodeGenericFuncDesc isB = call(new GenericUDFOPEqual(), key("ds", TypeInfoFactory.stringTypeInfo), constant("b"));
        ExprNodeGenericFuncDesc early = call(new GenericUDFOPLessThan(), key("hr", TypeInfoFactory.intTypeInfo), constant(10));
        ExprNodeGenericFuncDesc both = call(new GenericUDFOPAnd(), isB, early);
        step("a tree, by Kryo", () -> {
            same(matching(Release.kryo(both)), "b/1", "b/2");
            same(matching(Release.kryo(early)), "a/1", "a/2", "b/1", "b/2");
        });
        step("a filter's text", () ->
            same(matching("ds = \"a\" and hr > 1".getBytes(StandardCharsets.UTF_8)), "a/2", "a/10"));
        step("no more than asked for", () -> {
            List<Partition> found = new ArrayList<>();
            client.listPartitionsByExpr(db, "t", Release.kryo(early), "__HIVE_DEFAULT_PARTITION__", (short) 3, found);
            equal(found.size(), 3);
        });
        step("bytes that are neither are refused", () -> refused(Exception.class, "",
            () -> matching(new byte[] {1, 2, 3, 4, 5, 6, 7, 8})));
        step("drop by a tree", () -> {
            List<Partition> dropped = Release.dropPartitions(client, db, "t", both);
            same(names(dropped), "b/1", "b/2");
            same(client.listPartitionNames(db, "t", (short) -1), "ds=a/hr=1", "ds=a/hr=10", "ds=a/hr=2", "ds=b/hr=10");
        });
    }

    private List<String> matching(byte[] expression) throws Exception {
        List<Partition> found = new ArrayList<>();
        equal(client.listPartitionsByExpr(db, "t", expression, "__HIVE_DEFAULT_PARTITION__", (short) -1, found), false);
        return names(found);
    }

    private static List<String> names(List<Partition> partitions) {
        return partitions.stream().map(each -> String.join("/", each.getValues())).collect(Collectors.toList());
    }

    private static ExprNodeDesc key(String name, PrimitiveTypeInfo type) {
        return new ExprNodeColumnDesc(type, name, "t", true);
    }

    private static ExprNodeDesc constant(Object value) {
        return new ExprNodeConstantDesc(value);
    }

    private static ExprNodeGenericFuncDesc call(GenericUDF function, ExprNodeDesc... operands) throws Exception {
        return ExprNodeGenericFuncDesc.newInstance(function, new ArrayList<>(Arrays.asList(operands)));
    }
}
