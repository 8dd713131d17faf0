import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.apache.hadoop.hive.metastore.api.AggrStats;
import org.apache.hadoop.hive.metastore.api.BooleanColumnStatsData;
import org.apache.hadoop.hive.metastore.api.ColumnStatistics;
import org.apache.hadoop.hive.metastore.api.ColumnStatisticsData;
import org.apache.hadoop.hive.metastore.api.ColumnStatisticsDesc;
import org.apache.hadoop.hive.metastore.api.ColumnStatisticsObj;
import org.apache.hadoop.hive.metastore.api.Date;
import org.apache.hadoop.hive.metastore.api.DateColumnStatsData;
import org.apache.hadoop.hive.metastore.api.Decimal;
import org.apache.hadoop.hive.metastore.api.DecimalColumnStatsData;
import org.apache.hadoop.hive.metastore.api.DoubleColumnStatsData;
import org.apache.hadoop.hive.metastore.api.LongColumnStatsData;
import org.apache.hadoop.hive.metastore.api.SetPartitionsStatsRequest;
import org.apache.hadoop.hive.metastore.api.StringColumnStatsData;
import org.apache.hadoop.hive.metastore.api.Table;
import org.apache.thrift.TException;

final class Statistics extends Noun {
    @Override
    void steps() throws Exception {
        Table typed = table("typed");
        for (String type : Arrays.asList("double", "boolean", "date", "decimal(10,2)")) {
            typed.getSd().addToCols(column("a_" + type.replaceAll("\\W.*", ""), type));
        }
        created(typed);
        List<ColumnStatisticsObj> objects = Arrays.asList(id(1, 9, 2, 7), name(10, 3.5, 1, 4), aDouble(), aBoolean(), aDate(), aDecimal());
        List<String> columns = Arrays.asList("id", "name", "a_double", "a_boolean", "a_date", "a_decimal");
        step("of a table, of every type", () -> {
            equal(client.updateTableColumnStatistics(of("typed", null, objects)), true);
            List<ColumnStatisticsObj> got = Release.tableStatistics(client, db, "typed", columns);
            equal(got.size(), objects.size());
            for (ColumnStatisticsObj object : objects) {
                check(got.stream().anyMatch(each -> each.getColName().equals(object.getColName())
                    && each.getStatsData().getFieldValue().equals(object.getStatsData().getFieldValue())), object + " not in " + got);
            }
        });
        step("the newer ones are kept", () -> {
            client.updateTableColumnStatistics(of("typed", null, Arrays.asList(id(0, 20, 0, 11))));
            LongColumnStatsData got = only(Release.tableStatistics(client, db, "typed", Arrays.asList("id"))).getStatsData().getLongStats();
            equal(got.getHighValue(), 20L);
            equal(got.getNumDVs(), 11L);
        });
        step("none of a column that has none, and none for no column", () -> {
            created(table("bare"));
            equal(Release.tableStatistics(client, db, "bare", Arrays.asList("id")).size(), 0);
            refused(TException.class, "missing", () ->
                client.updateTableColumnStatistics(of("missing", null, Arrays.asList(id(1, 2, 0, 2)))));
        });
        Table table = created(table("t", column("ds", "string")));
        client.add_partitions(Arrays.asList(partition(table, "a"), partition(table, "b"), partition(table, "c")));
        step("of partitions", () -> {
            equal(client.updatePartitionColumnStatistics(of("t", "ds=a", Arrays.asList(id(1, 5, 1, 5), name(7, 2.0, 0, 3)))), true);
            SetPartitionsStatsRequest request = new SetPartitionsStatsRequest();
            request.setColStats(Arrays.asList(of("t", "ds=a", Arrays.asList(id(2, 5, 1, 4))), of("t", "ds=b", Arrays.asList(id(-4, 3, 2, 6)))));
            equal(client.setPartitionColumnStatistics(request), true);
            Map<String, List<ColumnStatisticsObj>> got =
                Release.partitionStatistics(client, db, "t", Arrays.asList("ds=a", "ds=b", "ds=c"), Arrays.asList("id"));
            equal(got.size(), 2);
            equal(only(got.get("ds=a")).getStatsData().getLongStats().getLowValue(), 2L);
            equal(only(got.get("ds=b")).getStatsData().getLongStats().getNumNulls(), 2L);
        });
        step("aggregated", () -> {
            AggrStats got = Release.aggregate(client, db, "t", Arrays.asList("id"), Arrays.asList("ds=a", "ds=b"));
            equal(got.getPartsFound(), 2L);
            LongColumnStatsData data = only(got.getColStats()).getStatsData().getLongStats();
            equal(Arrays.asList(data.getLowValue(), data.getHighValue(), data.getNumNulls()), Arrays.asList(-4L, 5L, 3L));
            check(data.getNumDVs() >= 6 && data.getNumDVs() <= 10, data);
        });
        step("delete", () -> {
            Release.deleteTableStatistics(client, db, "typed", "id");
            equal(Release.tableStatistics(client, db, "typed", Arrays.asList("id")).size(), 0);
            equal(Release.tableStatistics(client, db, "typed", Arrays.asList("name")).size(), 1);
            Release.deletePartitionStatistics(client, db, "t", "ds=a", "id");
            equal(Release.partitionStatistics(client, db, "t", Arrays.asList("ds=a"), Arrays.asList("id")).size(), 0);
        });
    }

    private ColumnStatistics of(String table, String partition, List<ColumnStatisticsObj> objects) {
        ColumnStatisticsDesc desc = new ColumnStatisticsDesc(partition == null, db, table);
        desc.setPartName(partition);
        ColumnStatistics statistics = new ColumnStatistics(desc, objects);
        Release.ofHive(statistics);
        return statistics;
    }

    private static <T> T only(List<T> list) {
        equal(list.size(), 1);
        return list.get(0);
    }

    private static ColumnStatisticsObj id(long low, long high, long nulls, long distinct) {
        LongColumnStatsData data = new LongColumnStatsData(nulls, distinct);
        data.setLowValue(low);
        data.setHighValue(high);
        return new ColumnStatisticsObj("id", "bigint", ColumnStatisticsData.longStats(data));
    }

    private static ColumnStatisticsObj name(long longest, double average, long nulls, long distinct) {
        return new ColumnStatisticsObj("name", "string",
            ColumnStatisticsData.stringStats(new StringColumnStatsData(longest, average, nulls, distinct)));
    }

    private static ColumnStatisticsObj aDouble() {
        DoubleColumnStatsData data = new DoubleColumnStatsData(1, 5);
        data.setLowValue(-1.5);
        data.setHighValue(2.25);
        return new ColumnStatisticsObj("a_double", "double", ColumnStatisticsData.doubleStats(data));
    }

    private static ColumnStatisticsObj aBoolean() {
        return new ColumnStatisticsObj("a_boolean", "boolean", ColumnStatisticsData.booleanStats(new BooleanColumnStatsData(3, 4, 1)));
    }

    private static ColumnStatisticsObj aDate() {
        DateColumnStatsData data = new DateColumnStatsData(0, 3);
        data.setLowValue(new Date(19000));
        data.setHighValue(new Date(19723));
        return new ColumnStatisticsObj("a_date", "date", ColumnStatisticsData.dateStats(data));
    }

    private static ColumnStatisticsObj aDecimal() {
        DecimalColumnStatsData data = new DecimalColumnStatsData(0, 3);
        data.setLowValue(decimal(10));
        data.setHighValue(decimal(256));
        return new ColumnStatisticsObj("a_decimal", "decimal(10,2)", ColumnStatisticsData.decimalStats(data));
    }

    private static Decimal decimal(int hundredths) {
        Decimal decimal = new Decimal();
        decimal.setScale((short) 2);
        decimal.setUnscaled(BigInteger.valueOf(hundredths).toByteArray());
        return decimal;
    }
}
