"""The catalog functions of awswrangler, the AWS SDK for pandas."""

import awswrangler as wr
import pandas as pd

from clients import GLUE_ENDPOINT, glue, unique
from steps import contains, equal, finish, lacks, step

wr.config.glue_endpoint_url = GLUE_ENDPOINT
catalog = wr.catalog
db = unique("wrangled")
root = f"s3://lake/{db}"
types = {"id": "bigint", "name": "string", "price": "decimal(10,2)", "tags": "array<string>"}
by_day = {"year": "int", "day": "string"}


def values(day):
    return {f"{root}/sales/year=2024/day={day}/": ["2024", day]}


with step("create a database"):
    catalog.create_database(db, description="of awswrangler", database_input_args={"Parameters": {"team": "a"}})
    catalog.create_database(db, exist_ok=True)
    made = [database for database in catalog.get_databases() if database["Name"] == db]
    equal([(database["Description"], database["Parameters"]) for database in made], [("of awswrangler", {"team": "a"})])
    contains(list(catalog.databases(limit=1000)["Database"]), db)
with step("create an existing database"):
    try:
        catalog.create_database(db)
        raise AssertionError("accepted")
    except wr.exceptions.AlreadyExists:
        pass
with step("create a table of Parquet files"):
    catalog.create_parquet_table(
        db,
        "sales",
        f"{root}/sales/",
        types,
        partitions_types=by_day,
        description="the sales",
        columns_comments={"id": "the id"},
        columns_parameters={"name": {"personal": "yes"}},
        parameters={"origin": "shop"},
        compression="snappy",
    )
    equal(catalog.does_table_exist(db, "sales"), True)
    equal(catalog.get_table_types(db, "sales"), types | by_day)
    equal(catalog.get_table_location(db, "sales"), f"{root}/sales/")
    equal(catalog.get_table_description(db, "sales"), "the sales")
    equal(catalog.get_columns_comments(db, "sales")["id"], "the id")
    equal(catalog.get_columns_parameters(db, "sales")["name"], {"personal": "yes"})
    contains(catalog.get_table_parameters(db, "sales").items(), ("origin", "shop"), ("classification", "parquet"))
with step("create tables of CSV, JSON and ORC files"):
    catalog.create_csv_table(db, "as_csv", f"{root}/csv/", {"a": "string", "b": "int"}, sep=";", skip_header_line_count=1)
    catalog.create_json_table(db, "as_json", f"{root}/json/", {"a": "string"})
    catalog.create_orc_table(db, "as_orc", f"{root}/orc/", {"a": "string"}, partitions_types={"p": "string"})
    parameters = catalog.get_table_parameters(db, "as_csv")
    equal((parameters["classification"], parameters["skip.header.line.count"]), ("csv", "1"))
with step("a table that is not there"):
    equal(catalog.does_table_exist(db, "no_such_table"), False)
    equal(catalog.get_table_types(db, "no_such_table"), None)
    equal(catalog.get_table_parameters(db, "as_json")["classification"], "json")
with step("create a table again: overwrite, append, and what an overwrite leaves alone"):
    catalog.create_parquet_table(db, "again", f"{root}/again/", {"a": "int"}, mode="overwrite")
    catalog.create_parquet_table(db, "again", f"{root}/again/", {"a": "int"}, mode="append")
    equal(catalog.get_table_number_of_versions(db, "again"), 1)
    catalog.create_parquet_table(db, "again", f"{root}/again/", {"a": "int", "b": "int"}, mode="append")
    equal(catalog.get_table_types(db, "again"), {"a": "int", "b": "int"})
    catalog.create_parquet_table(db, "again", f"{root}/again/", {"c": "int"}, mode="overwrite")
    equal(catalog.get_table_types(db, "again"), {"c": "int"})
with step("list tables"):
    names = [table["Name"] for table in catalog.get_tables(database=db)]
    equal(sorted(names), ["again", "as_csv", "as_json", "as_orc", "sales"])
    equal([table["Name"] for table in catalog.get_tables(database=db, name_prefix="as_c")], ["as_csv"])
    equal([table["Name"] for table in catalog.get_tables(database=db, name_suffix="son")], ["as_json"])
    equal(sorted(table["Name"] for table in catalog.get_tables(database=db, name_contains="s_")), ["as_csv", "as_json", "as_orc"])
    contains([table["Name"] for table in catalog.get_tables()], "sales", "as_orc")
    equal(sorted(catalog.tables(database=db)["Table"]), sorted(names))
with step("a table's columns as a frame"):
    frame = catalog.table(db, "sales")
    equal(list(frame["Column Name"]), [*types, *by_day])
    equal(list(frame["Partition"]), [False] * 4 + [True] * 2)
with step("search tables"):
    needle = unique("needle")
    equal(list(catalog.search_tables(text=needle)), [])
    catalog.upsert_table_parameters({"note": needle}, db, "as_csv")
    equal([table["Name"] for table in catalog.search_tables(text=needle)], ["as_csv"])
    equal(list(catalog.tables(search_text=needle)["Table"]), ["as_csv"])
with step("add partitions, also those that are there"):
    days = {location: keys for day in ("d1", "d2") for location, keys in values(day).items()}
    catalog.add_parquet_partitions(db, "sales", days, partitions_parameters={"rows": "1"})
    catalog.add_parquet_partitions(db, "sales", days | values("d3"))
    equal(catalog.get_parquet_partitions(db, "sales"), days | values("d3"))
    equal(catalog.get_partitions(db, "sales", expression="day > 'd1' AND year = 2024"), values("d2") | values("d3"))
with step("add 250 partitions at once"):
    catalog.add_orc_partitions(db, "as_orc", {f"{root}/orc/p={i}/": [str(i)] for i in range(250)})
    equal(len(catalog.get_partitions(db, "as_orc")), 250)
with step("delete partitions"):
    catalog.delete_partitions("sales", db, [["2024", "d1"]])
    equal(catalog.get_parquet_partitions(db, "sales"), values("d2") | values("d3"))
    equal(len(catalog.delete_all_partitions("as_orc", db)), 250)
    equal(catalog.get_partitions(db, "as_orc"), {})
with step("add and delete columns"):
    catalog.add_column(db, "sales", "extra", "double", column_comment="more")
    equal(catalog.get_table_types(db, "sales", filter_iceberg_current=False)["extra"], "double")
    catalog.delete_column(db, "sales", "extra")
    equal(catalog.get_table_types(db, "sales"), types | by_day)
with step("add to parameters, and overwrite them"):
    catalog.upsert_table_parameters({"new": "1", "origin": "web"}, db, "sales")
    contains(catalog.get_table_parameters(db, "sales").items(), ("new", "1"), ("origin", "web"), ("classification", "parquet"))
    catalog.overwrite_table_parameters({"only": "this"}, db, "sales")
    equal(catalog.get_table_parameters(db, "sales"), {"only": "this"})
with step("versions of a table, which are kept if that is asked for"):
    kept = catalog.get_table_number_of_versions(db, "sales")
    catalog.upsert_table_parameters({"n": "1"}, db, "sales", catalog_versioning=True)
    catalog.upsert_table_parameters({"n": "2"}, db, "sales", catalog_versioning=True)
    catalog.upsert_table_parameters({"n": "3"}, db, "sales", catalog_versioning=False)
    versions = list(catalog.get_table_versions(db, "sales"))
    equal((len(versions), catalog.get_table_number_of_versions(db, "sales")), (kept + 2, kept + 2))
    lacks([version["Table"]["Parameters"].get("n") for version in versions], "2")
with step("a table of a frame's own types"):
    frame = pd.DataFrame({"id": [1], "name": ["x"], "at": [pd.Timestamp("2024-01-01")], "ok": [True]})
    columns, _ = catalog.extract_athena_types(frame, file_format="parquet")
    catalog.create_parquet_table(db, catalog.sanitize_table_name("Of Frame"), f"{root}/frame/", columns)
    equal(catalog.get_table_types(db, "of_frame"), {"id": "bigint", "name": "string", "at": "timestamp", "ok": "boolean"})
with step("a query as a view"):
    view = {"Name": "seen", "TableType": "VIRTUAL_VIEW", "ViewOriginalText": "/* Presto View: e30= */"}
    glue().create_table(DatabaseName=db, TableInput=view)
    equal([table["TableType"] for table in catalog.get_tables(database=db, name_prefix="seen")], ["VIRTUAL_VIEW"])
with step("delete tables and the database"):
    equal(catalog.delete_table_if_exists(db, "sales"), True)
    equal(catalog.delete_table_if_exists(db, "sales"), False)
    catalog.delete_database(db)
    lacks([database["Name"] for database in catalog.get_databases()], db)
finish()
