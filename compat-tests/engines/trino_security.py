"""Trino's Hive connector with SQL-standard security: roles, grants and who is denied what."""

from clients import Trino, metastore, unique, wait_for_trino
from steps import contains, equal, finish, lacks, refused, step
from trino_tables import first

CATALOG = "secure"
DENIED = "access denied"

wait_for_trino()
db = unique("secure")
root, alice, bob, carol = (unique(name) for name in ("root", "alice", "bob", "carol"))
analysts, writers = (unique(name) for name in ("analysts", "writers"))


def session(user, role=None):
    return Trino(CATALOG, db, user=user, role=role)


with step("the first administrator is made in the metastore"):
    from hive_metastore.ttypes import PrincipalType

    with metastore() as client:
        equal(client.grant_role("admin", root, PrincipalType.USER, root, PrincipalType.USER, True), True)
        contains([role.roleName for role in client.list_roles(root, PrincipalType.USER)], "admin", "public")
admin = session(root, "admin")

with step("only the administrator creates schemas"):
    refused(lambda: session(alice)(f"CREATE SCHEMA {db}"), DENIED)
    refused(lambda: session(root)(f"CREATE SCHEMA {db}"), DENIED)
    admin(f"CREATE SCHEMA {db}")
with step("only who has a role takes it"):
    refused(lambda: session(alice, "admin")("SELECT 1"), DENIED)
    equal(sorted(first(session(alice)(f"SHOW CURRENT ROLES FROM {CATALOG}"))), ["public"])
    contains(first(admin(f"SHOW CURRENT ROLES FROM {CATALOG}")), "admin")

with step("create roles"):
    admin(f"CREATE ROLE {analysts} IN {CATALOG}")
    admin(f"CREATE ROLE {writers} IN {CATALOG}")
    contains(first(admin(f"SHOW ROLES FROM {CATALOG}")), analysts, writers, "admin")
with step("create an existing role, or one with a reserved name"):
    refused(lambda: admin(f"CREATE ROLE {analysts} IN {CATALOG}"), "already exists")
    refused(lambda: admin(f"CREATE ROLE none IN {CATALOG}"), "reserved", "none")
with step("only the administrator creates, drops and lists roles"):
    refused(lambda: session(alice)(f"CREATE ROLE own IN {CATALOG}"), DENIED)
    refused(lambda: session(alice)(f"DROP ROLE {analysts} IN {CATALOG}"), DENIED)
    refused(lambda: session(alice)(f"SHOW ROLES FROM {CATALOG}"), DENIED)
with step("grant roles to users"):
    admin(f"GRANT {analysts} TO USER {alice}, USER {bob} IN {CATALOG}")
    equal(sorted(first(session(alice)(f"SHOW ROLE GRANTS FROM {CATALOG}"))), sorted([analysts, "public"]))
    contains(first(session(alice)(f"SHOW CURRENT ROLES FROM {CATALOG}")), analysts)
with step("grant a role to a role"):
    admin(f"GRANT {writers} TO ROLE {analysts} IN {CATALOG}")
    contains(first(session(bob)(f"SHOW CURRENT ROLES FROM {CATALOG}")), analysts, writers)
    refused(lambda: admin(f"GRANT {analysts} TO ROLE {writers} IN {CATALOG}"), "cycle", "already", "same", "grant")
with step("grant a role with the right to grant it"):
    refused(lambda: session(alice)(f"GRANT {writers} TO USER {carol} IN {CATALOG}"), DENIED)
    admin(f"GRANT {writers} TO USER {alice} WITH ADMIN OPTION IN {CATALOG}")
    session(alice)(f"GRANT {writers} TO USER {carol} IN {CATALOG}")
    contains(first(session(carol)(f"SHOW ROLE GRANTS FROM {CATALOG}")), writers)
with step("the roles of everyone"):
    contains(
        admin("SELECT role_name, grantee, is_grantable FROM information_schema.applicable_roles"),
        ("admin", root, "YES"),
    )
    equal(session(carol)("SELECT role_name FROM information_schema.enabled_roles WHERE role_name <> 'public'"), [(writers,)])
with step("a role that is not there"):
    refused(lambda: admin(f"GRANT no_such_role TO USER {alice} IN {CATALOG}"), "does not exist", "not exist")
    refused(lambda: admin(f"DROP ROLE no_such_role IN {CATALOG}"), "does not exist", "not exist")

with step("a table is its owner's"):
    admin(f"ALTER SCHEMA {db} SET AUTHORIZATION {alice}")
    session(alice)("CREATE TABLE t AS SELECT 1 AS id, 'x' AS v")
    equal(session(alice)("SELECT * FROM t"), [(1, "x")])
    for statement in (
        "SELECT * FROM t",
        "INSERT INTO t VALUES (2, 'y')",
        "DELETE FROM t",
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN w integer",
        "ANALYZE t",
    ):
        refused(lambda: session(bob)(statement), DENIED)
with step("only the schema's owner creates tables in it"):
    refused(lambda: session(bob)("CREATE TABLE mine (x integer)"), DENIED)
with step("grant to a user"):
    session(alice)(f"GRANT SELECT ON t TO USER {bob}")
    equal(session(bob)("SELECT id FROM t"), [(1,)])
    refused(lambda: session(bob)("INSERT INTO t VALUES (2, 'y')"), DENIED)
    refused(lambda: session(carol)("SELECT id FROM t"), DENIED)
with step("grant to a role"):
    session(alice)(f"GRANT INSERT, SELECT ON t TO ROLE {writers}")
    session(carol)("INSERT INTO t VALUES (2, 'y')")
    equal(session(carol)("SELECT count(*) FROM t"), [(2,)])
with step("show grants"):
    grants = [(row[2], row[3], row[7], row[8]) for row in admin("SHOW GRANTS ON TABLE t")]
    contains(grants, (bob, "USER", "SELECT", "NO"), (writers, "ROLE", "INSERT", "NO"), (alice, "USER", "SELECT", "YES"))
    contains(session(bob)("SELECT table_name, privilege_type FROM information_schema.table_privileges"), ("t", "SELECT"))
with step("grant with the right to grant"):
    refused(lambda: session(bob)(f"GRANT SELECT ON t TO USER {carol}"), DENIED)
    session(alice)(f"GRANT DELETE ON t TO USER {bob} WITH GRANT OPTION")
    session(bob)(f"GRANT DELETE ON t TO USER {carol}")
    contains([(row[2], row[7], row[8]) for row in admin("SHOW GRANTS ON TABLE t")], (bob, "DELETE", "YES"), (carol, "DELETE", "NO"))
with step("take back the right to grant, not the privilege"):
    session(alice)(f"REVOKE GRANT OPTION FOR DELETE ON t FROM USER {bob}")
    refused(lambda: session(bob)(f"GRANT DELETE ON t TO USER {alice}"), DENIED)
    contains([(row[2], row[7], row[8]) for row in admin("SHOW GRANTS ON TABLE t")], (bob, "DELETE", "NO"))
with step("revoke"):
    session(alice)(f"REVOKE SELECT ON t FROM ROLE {writers}")
    refused(lambda: session(carol)("SELECT id FROM t"), DENIED)
    session(alice)(f"REVOKE ALL PRIVILEGES ON t FROM USER {bob}")
    refused(lambda: session(bob)("SELECT id FROM t"), DENIED)
    lacks([row[2] for row in admin("SHOW GRANTS ON TABLE t")], bob)
with step("grant everything, to everyone"):
    session(alice)("GRANT ALL PRIVILEGES ON t TO ROLE public")
    equal(session(bob)("SELECT count(*) FROM t"), [(2,)])
    session(bob)("INSERT INTO t VALUES (3, 'z')")
    session(alice)("REVOKE ALL PRIVILEGES ON t FROM ROLE public")
    refused(lambda: session(bob)("SELECT count(*) FROM t"), DENIED)

with step("a view gives its reader what its owner may read"):
    session(alice)("CREATE VIEW seen AS SELECT id FROM t")
    refused(lambda: session(bob)("SELECT * FROM seen"), DENIED)
    session(alice)(f"GRANT SELECT ON seen TO USER {bob}")
    equal(session(bob)("SELECT count(*) FROM seen"), [(3,)])
    refused(lambda: session(bob)("SELECT * FROM t"), DENIED)
with step("an invoker's view asks for the reader's own rights"):
    session(alice)("CREATE VIEW own SECURITY INVOKER AS SELECT id FROM t")
    session(alice)(f"GRANT SELECT ON own TO USER {bob}")
    refused(lambda: session(bob)("SELECT count(*) FROM own"), DENIED)
    session(alice)(f"GRANT SELECT ON t TO USER {bob}")
    equal(session(bob)("SELECT count(*) FROM own"), [(3,)])
with step("grants stay with a renamed table"):
    session(alice)("ALTER TABLE t RENAME TO t2")
    equal(session(bob)("SELECT count(*) FROM t2"), [(3,)])
    contains([(row[2], row[7]) for row in admin("SHOW GRANTS ON TABLE t2")], (bob, "SELECT"))
with step("a schema that belongs to a role"):
    admin(f"ALTER SCHEMA {db} SET AUTHORIZATION ROLE {writers}")
    session(carol)("CREATE TABLE carols (x integer)")
    refused(lambda: Trino(CATALOG, db, user=unique("dave"))("CREATE TABLE daves (x integer)"), DENIED)
with step("revoke a role"):
    admin(f"REVOKE {writers} FROM USER {carol} IN {CATALOG}")
    lacks(first(session(carol)(f"SHOW CURRENT ROLES FROM {CATALOG}")), writers)
    refused(lambda: session(carol)("CREATE TABLE more (x integer)"), DENIED)
with step("drop roles: who had them has them no more"):
    admin(f"ALTER SCHEMA {db} SET AUTHORIZATION {root}")
    admin(f"DROP ROLE {analysts} IN {CATALOG}")
    admin(f"DROP ROLE {writers} IN {CATALOG}")
    lacks(first(admin(f"SHOW ROLES FROM {CATALOG}")), analysts, writers)
    equal(first(session(bob)(f"SHOW CURRENT ROLES FROM {CATALOG}")), ["public"])
with step("a dropped table's grants do not come back with its name"):
    session(alice)("DROP TABLE t2")
    admin("CREATE TABLE t2 AS SELECT 1 AS id")
    refused(lambda: session(bob)("SELECT * FROM t2"), DENIED)
with step("drop the schema"):
    refused(lambda: session(bob)(f"DROP SCHEMA {db} CASCADE"), DENIED)
    admin(f"DROP SCHEMA {db} CASCADE")
    lacks(first(admin("SHOW SCHEMAS")), db)
finish()
