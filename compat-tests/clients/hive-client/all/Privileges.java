import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

import org.apache.hadoop.hive.metastore.api.GetPrincipalsInRoleRequest;
import org.apache.hadoop.hive.metastore.api.GetRoleGrantsForPrincipalRequest;
import org.apache.hadoop.hive.metastore.api.HiveObjectPrivilege;
import org.apache.hadoop.hive.metastore.api.HiveObjectRef;
import org.apache.hadoop.hive.metastore.api.HiveObjectType;
import org.apache.hadoop.hive.metastore.api.PrincipalPrivilegeSet;
import org.apache.hadoop.hive.metastore.api.PrincipalType;
import org.apache.hadoop.hive.metastore.api.PrivilegeBag;
import org.apache.hadoop.hive.metastore.api.PrivilegeGrantInfo;
import org.apache.hadoop.hive.metastore.api.Role;
import org.apache.hadoop.hive.metastore.api.RolePrincipalGrant;
import org.apache.thrift.TException;

final class Privileges extends Noun {
    @Override
    void steps() throws Exception {
        String role = unique("role");
        String lea = unique("lea");
        created(table("t"));
        HiveObjectRef table = new HiveObjectRef(HiveObjectType.TABLE, db, "t", null, null);
        HiveObjectRef whole = new HiveObjectRef(HiveObjectType.DATABASE, db, null, null, null);
        HiveObjectRef column = new HiveObjectRef(HiveObjectType.COLUMN, db, "t", null, "name");
        step("a role", () -> {
            equal(client.create_role(new Role(role, 0, "admin")), true);
            check(client.listRoleNames().contains(role), client.listRoleNames());
            refused(TException.class, role, () -> client.create_role(new Role(role, 0, "admin")));
        });
        step("and who has it", () -> {
            equal(client.grant_role(role, lea, PrincipalType.USER, "admin", PrincipalType.USER, true), true);
            List<String> roles = client.list_roles(lea, PrincipalType.USER).stream().map(Role::getRoleName).collect(Collectors.toList());
            check(roles.contains(role), roles);
            List<RolePrincipalGrant> grants =
                client.get_principals_in_role(new GetPrincipalsInRoleRequest(role)).getPrincipalGrants();
            equal(grants.size(), 1);
            equal(grants.get(0).getPrincipalName(), lea);
            equal(grants.get(0).isGrantOption(), true);
            List<RolePrincipalGrant> mine = client
                .get_role_grants_for_principal(new GetRoleGrantsForPrincipalRequest(lea, PrincipalType.USER)).getPrincipalGrants();
            check(mine.stream().anyMatch(each -> each.getRoleName().equals(role)), mine);
        });
        step("grant", () -> {
            equal(client.grant_privileges(bag(
                privilege(table, lea, PrincipalType.USER, "select", true),
                privilege(table, role, PrincipalType.ROLE, "insert", false),
                privilege(whole, lea, PrincipalType.USER, "create", false),
                privilege(column, lea, PrincipalType.USER, "update", false))), true);
            same(granted(lea, PrincipalType.USER, table), "select");
            same(granted(role, PrincipalType.ROLE, table), "insert");
            same(granted(lea, PrincipalType.USER, whole), "create");
            same(granted(lea, PrincipalType.USER, column), "update");
        });
        step("what one has on a table", () -> {
            PrincipalPrivilegeSet set = client.get_privilege_set(table, lea, Collections.emptyList());
            PrivilegeGrantInfo own = set.getUserPrivileges().get(lea).get(0);
            equal(own.getPrivilege().toLowerCase(), "select");
            equal(own.isGrantOption(), true);
            equal(own.getGrantor(), "admin");
            equal(set.getRolePrivileges().get(role).get(0).getPrivilege().toLowerCase(), "insert");
        });
        step("revoke the option alone, then the privilege", () -> {
            PrivilegeBag select = bag(privilege(table, lea, PrincipalType.USER, "select", true));
            equal(client.revoke_privileges(select, true), true);
            equal(client.list_privileges(lea, PrincipalType.USER, table).get(0).getGrantInfo().isGrantOption(), false);
            equal(client.revoke_privileges(bag(privilege(table, lea, PrincipalType.USER, "select", false)), false), true);
            same(granted(lea, PrincipalType.USER, table));
        });
        step("drop the role", () -> {
            equal(client.revoke_role(role, lea, PrincipalType.USER, false), true);
            equal(client.get_principals_in_role(new GetPrincipalsInRoleRequest(role)).getPrincipalGrants().size(), 0);
            equal(client.drop_role(role), true);
            same(granted(role, PrincipalType.ROLE, table));
            refused(TException.class, role, () -> client.drop_role(role));
        });
    }

    private List<String> granted(String name, PrincipalType type, HiveObjectRef object) throws Exception {
        return client.list_privileges(name, type, object).stream()
            .map(each -> each.getGrantInfo().getPrivilege().toLowerCase()).collect(Collectors.toList());
    }

    private static PrivilegeBag bag(HiveObjectPrivilege... privileges) {
        return new PrivilegeBag(new ArrayList<>(Arrays.asList(privileges)));
    }

    private static HiveObjectPrivilege privilege(HiveObjectRef object, String name, PrincipalType type, String what, boolean option) {
        HiveObjectPrivilege privilege = new HiveObjectPrivilege();
        privilege.setHiveObject(object);
        privilege.setPrincipalName(name);
        privilege.setPrincipalType(type);
        privilege.setGrantInfo(new PrivilegeGrantInfo(what, 0, "admin", PrincipalType.USER, option));
        Release.ofHive(privilege);
        return privilege;
    }
}
