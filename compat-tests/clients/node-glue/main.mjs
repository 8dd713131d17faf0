// A workload of Amazon's own Glue client for Node.js. It prints what engines/steps.py does.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as sdk from "@aws-sdk/client-glue";

const endpoint = process.env.AWS_ENDPOINT_URL_GLUE;
const client = new sdk.GlueClient({ endpoint });
const db = `node_${randomBytes(4).toString("hex")}`;
const DatabaseName = db;
let passed = 0;
let failed = 0;

async function step(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}: ${String(error).split("\n")[0]}`);
    console.error(error);
  }
}

const call = (operation, input, by = client) => by.send(new sdk[`${operation}Command`](input));

/** The call is refused with a modelled error, of the SDK's own class. */
async function refused(kind, operation, input, by) {
  await assert.rejects(call(operation, input, by), (error) => {
    assert.equal(error.name, kind);
    if (sdk[kind]) assert.ok(error instanceof sdk[kind]);
    assert.equal(typeof error.$metadata.requestId, "string");
    assert.ok(error.Message ?? error.message);
    return true;
  });
}

async function every(paginate, input, member, pageSize) {
  const found = [];
  // The paginator writes the page's token into its input.
  for await (const page of paginate({ client, pageSize }, { ...input })) {
    assert.ok(page[member].length <= pageSize);
    found.push(...page[member]);
  }
  return found;
}

const Columns = [
  { Name: "id", Type: "bigint", Comment: "the id" },
  { Name: "price", Type: "decimal(10,2)" },
];
const table = {
  Name: "t",
  StorageDescriptor: { Columns, Location: "s3://lake/t", SerdeInfo: { Parameters: { "serialization.format": "1" } } },
  PartitionKeys: [
    { Name: "dt", Type: "date" },
    { Name: "n", Type: "int" },
  ],
  TableType: "EXTERNAL_TABLE",
  Parameters: { classification: "parquet", empty: "", ключ: "значение" },
};

await step("create a database, and find it among all by pages", async () => {
  const given = { Name: db, Description: "of Node.js", Parameters: { team: "a" } };
  await call("CreateDatabase", { DatabaseInput: given });
  const { Database } = await call("GetDatabase", { Name: db });
  assert.deepEqual({ Name: Database.Name, Description: Database.Description, Parameters: Database.Parameters }, given);
  assert.ok(Math.abs(Database.CreateTime - Date.now()) < 600_000);
  const databases = await every(sdk.paginateGetDatabases, {}, "DatabaseList", 2);
  assert.equal(databases.filter(({ Name }) => Name === db).length, 1);
});
await step("errors are the SDK's own", async () => {
  await refused("AlreadyExistsException", "CreateDatabase", { DatabaseInput: { Name: db } });
  await refused("EntityNotFoundException", "GetTable", { DatabaseName, Name: "no_such_table" });
  await refused("InvalidInputException", "GetTables", { DatabaseName, Expression: "t_[" });
});
await step("create a table: what was given comes back", async () => {
  await call("CreateTable", { DatabaseName, TableInput: table });
  const { Table } = await call("GetTable", { DatabaseName, Name: "t" });
  for (const member of Object.keys(table)) assert.deepEqual(Table[member], table[member]);
});
await step("an update of an older version is refused", async () => {
  const { Table } = await call("GetTable", { DatabaseName, Name: "t" });
  const changed = { DatabaseName, TableInput: { ...table, Parameters: { n: "1" } }, VersionId: Table.VersionId };
  await call("UpdateTable", changed);
  await refused("ConcurrentModificationException", "UpdateTable", changed);
  const versions = await every(sdk.paginateGetTableVersions, { DatabaseName, TableName: "t" }, "TableVersions", 1);
  assert.equal(versions.length, 2);
});
await step("list tables by pages", async () => {
  for (let i = 0; i < 5; i += 1) await call("CreateTable", { DatabaseName, TableInput: { Name: `t_${i}` } });
  const tables = await every(sdk.paginateGetTables, { DatabaseName, Expression: "t_.*" }, "TableList", 2);
  assert.deepEqual(tables.map(({ Name }) => Name).sort(), ["t_0", "t_1", "t_2", "t_3", "t_4"]);
});
await step("partitions: a batch, its errors, pages, an expression, segments", async () => {
  const partition = (n) => ({ Values: ["2024-01-01", `${n}`], StorageDescriptor: { Location: `s3://lake/t/${n}` } });
  const PartitionInputList = Array.from({ length: 100 }, (_, n) => partition(n));
  const where = { DatabaseName, TableName: "t" };
  const first = await call("BatchCreatePartition", { ...where, PartitionInputList });
  assert.deepEqual(first.Errors ?? [], []);
  const again = await call("BatchCreatePartition", { ...where, PartitionInputList: [partition(7), partition(100)] });
  assert.deepEqual(
    again.Errors.map(({ PartitionValues, ErrorDetail }) => [PartitionValues, ErrorDetail.ErrorCode]),
    [[["2024-01-01", "7"], "AlreadyExistsException"]],
  );
  assert.equal((await every(sdk.paginateGetPartitions, where, "Partitions", 30)).length, 101);
  const filtered = { ...where, Expression: "dt = '2024-01-01' AND n BETWEEN 8 AND 12" };
  assert.equal((await every(sdk.paginateGetPartitions, filtered, "Partitions", 3)).length, 5);
  const segments = [0, 1, 2].map((SegmentNumber) => ({ ...where, Segment: { SegmentNumber, TotalSegments: 3 } }));
  const parts = await Promise.all(segments.map((input) => every(sdk.paginateGetPartitions, input, "Partitions", 1000)));
  assert.equal(new Set(parts.flat().map(({ Values }) => Values[1])).size, 101);
  const got = await call("BatchGetPartition", { ...where, PartitionsToGet: [{ Values: ["2024-01-01", "5"] }, { Values: ["x", "y"] }] });
  assert.equal(got.Partitions.length, 1);
});
await step("column statistics with numbers, dates and bytes", async () => {
  const where = { DatabaseName, TableName: "t" };
  const AnalyzedTime = new Date("2026-01-02T03:04:05Z");
  const DecimalColumnStatisticsData = {
    MinimumValue: { UnscaledValue: Uint8Array.of(0xfb, 0x2e), Scale: 2 },
    MaximumValue: { UnscaledValue: Uint8Array.of(0x7f), Scale: 0 },
    NumberOfNulls: 1,
    NumberOfDistinctValues: 2,
  };
  const StatisticsData = { Type: "DECIMAL", DecimalColumnStatisticsData };
  const given = { ColumnName: "price", ColumnType: "decimal(10,2)", AnalyzedTime, StatisticsData };
  const { Errors } = await call("UpdateColumnStatisticsForTable", { ...where, ColumnStatisticsList: [given] });
  assert.deepEqual(Errors ?? [], []);
  const { ColumnStatisticsList } = await call("GetColumnStatisticsForTable", { ...where, ColumnNames: ["price"] });
  assert.deepEqual(ColumnStatisticsList, [given]);
});
await step("functions and search", async () => {
  await call("CreateUserDefinedFunction", { DatabaseName, FunctionInput: { FunctionName: "f", ClassName: "org.example.F" } });
  const { UserDefinedFunctions } = await call("GetUserDefinedFunctions", { DatabaseName, Pattern: ".*" });
  assert.deepEqual(UserDefinedFunctions.map(({ FunctionName }) => FunctionName), ["f"]);
  const { TableList } = await call("SearchTables", { Filters: [{ Key: "DatabaseName", Value: db }, { Key: "Name", Value: "t_3" }] });
  assert.deepEqual(TableList.map(({ Name }) => Name), ["t_3"]);
});
await step("another secret is refused", async () => {
  const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "another" };
  const stranger = new sdk.GlueClient({ endpoint, credentials });
  await refused("InvalidSignatureException", "GetDatabases", {}, stranger);
});
await step("drop the database with all that is in it", async () => {
  await call("DeleteDatabase", { Name: db });
  await refused("EntityNotFoundException", "GetDatabase", { Name: db });
});
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
