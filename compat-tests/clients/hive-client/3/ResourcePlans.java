import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.WMFullResourcePlan;
import org.apache.hadoop.hive.metastore.api.WMMapping;
import org.apache.hadoop.hive.metastore.api.WMNullableResourcePlan;
import org.apache.hadoop.hive.metastore.api.WMPool;
import org.apache.hadoop.hive.metastore.api.WMResourcePlan;
import org.apache.hadoop.hive.metastore.api.WMResourcePlanStatus;
import org.apache.hadoop.hive.metastore.api.WMTrigger;

/** Plans of how queries share a cluster. */
final class ResourcePlans extends Noun {
    @Override
    void steps() {
        String name = unique("plan");
        step("create and get", () -> {
            WMResourcePlan made = new WMResourcePlan(name);
            made.setQueryParallelism(4);
            client.createResourcePlan(made, null);
            WMFullResourcePlan got = client.getResourcePlan(name);
            equal(got.getPlan().getQueryParallelism(), 4);
            equal(got.getPlan().getStatus(), WMResourcePlanStatus.DISABLED);
            check(client.getAllResourcePlans().stream().anyMatch(each -> each.getName().equals(name)), name);
        });
        step("its pools, triggers and mappings", () -> {
            WMPool pool = new WMPool(name, "etl");
            pool.setAllocFraction(0.25);
            pool.setQueryParallelism(2);
            client.createWMPool(pool);
            WMTrigger trigger = new WMTrigger(name, "slow");
            trigger.setTriggerExpression("ELAPSED_TIME > 1hour");
            trigger.setActionExpression("KILL");
            client.createWMTrigger(trigger);
            equal(client.getTriggersForResourcePlan(name).get(0).getTriggerName(), "slow");
            client.createOrDropTriggerToPoolMapping(name, "slow", "etl", false);
            WMMapping mapping = new WMMapping(name, "USER", "lea");
            mapping.setPoolPath("etl");
            client.createOrUpdateWMMapping(mapping, false);
            WMFullResourcePlan got = client.getResourcePlan(name);
            same(got.getPools().stream().map(WMPool::getPoolPath).collect(Collectors.toList()), "default", "etl");
            equal(got.getMappings().get(0).getEntityName(), "lea");
            equal(got.getPoolTriggers().size(), 1);
        });
        step("validate and enable", () -> {
            // The pool that every plan has, and the other one, take more than there is.
            equal(client.validateResourcePlan(name).getErrors().isEmpty(), false);
            client.dropWMMapping(new WMMapping(name, "USER", "lea"));
            client.createOrDropTriggerToPoolMapping(name, "slow", "etl", true);
            client.dropWMPool(name, "etl");
            client.dropWMTrigger(name, "slow");
            WMNullableResourcePlan enabled = new WMNullableResourcePlan();
            enabled.setStatus(WMResourcePlanStatus.ENABLED);
            client.alterResourcePlan(name, enabled, false, false, false);
            equal(client.getResourcePlan(name).getPlan().getStatus(), WMResourcePlanStatus.ENABLED);
        });
        step("drop", () -> {
            client.dropResourcePlan(name);
            equal(client.getAllResourcePlans().stream().anyMatch(each -> each.getName().equals(name)), false);
            refused(NoSuchObjectException.class, name, () -> client.dropResourcePlan(name));
        });
    }
}
