import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { expect, test } from "vitest";
import type { AdminClient } from "../admin-client.ts";
import { dryRunRows, importServers } from "./import-servers.ts";
import { parseCsvServers } from "./parse-csv-servers.ts";
import { planImport } from "./plan-import.ts";

const wantedOf = (text: string) => planImport(parseCsvServers(text)).wanted;
const addresses = (count: number): string =>
  Array.from({ length: count }, (_, n) => `2001:db8::${(n + 1).toString(16)}`).join("\n");

/** Adds whatever it is asked for until its calls are used up. */
function addsTimes(calls: number): Pick<AdminClient, "addServers"> {
  let left = calls;
  return {
    addServers: ({ targets = [] }) => {
      if (left === 0) return Promise.reject(new AppError("peer_unreachable", "gone"));
      left -= 1;
      const added = targets.map((address, n) => ({
        id: BigInt(n),
        name: address,
        address,
        port: 123,
      }));
      return Promise.resolve(create(adminV1.AddServersResponseSchema, { added }));
    },
  };
}

test("when a call fails, what came before it stays, and what was not tried is named", async () => {
  const { rows, failure } = await importServers(addsTimes(2), wantedOf(addresses(1_200)));
  expect(failure).toMatchObject({ code: "peer_unreachable" });
  const outcomes = rows.map(({ line, outcome }) => `${line} ${outcome}`);
  expect(outcomes).toHaveLength(1_200);
  expect([outcomes[0], outcomes[999], outcomes[1_000], outcomes[1_199]]).toEqual([
    "1 added",
    "1000 added",
    "1001 not_tried",
    "1200 not_tried",
  ]);
});

test("a name may be added, known and refused at once, each said once", async () => {
  const answer = create(adminV1.AddServersResponseSchema, {
    added: [{ id: 1n, name: "a.example", address: "192.0.2.1", port: 123 }],
    existing: [{ id: 2n, name: "a.example", address: "192.0.2.2", port: 123 }],
    refused: [
      { target: "a.example", code: "conflict", message: "taken" },
      { target: "a.example", code: "conflict", message: "taken" },
    ],
  });
  const client = { addServers: () => Promise.resolve(answer) };
  const { rows } = await importServers(client, wantedOf("a.example\nb.example"));
  expect(rows).toMatchObject([
    { line: 1, outcome: "added", servers: [{ id: 1n }] },
    { line: 1, outcome: "existing", servers: [{ id: 2n }] },
    { line: 1, outcome: "refused", code: "conflict", message: "taken" },
    {
      line: 2,
      outcome: "existing",
      servers: [],
      message: expect.stringContaining("another name") as string,
    },
  ]);
});

test("a dry run knows servers by name and by address with port, and removed ones as such", () => {
  const { servers } = create(adminV1.ListServersResponseSchema, {
    servers: [
      { id: 1n, name: "a.example", address: "2001:db8::1", port: 123 },
      { id: 2n, name: "a.example", address: "192.0.2.1", port: 123 },
      {
        id: 3n,
        name: "192.0.2.9",
        address: "192.0.2.9",
        port: 123,
        state: adminV1.ServerState.REMOVED,
      },
    ],
  });
  const text = "a.example\n2001:DB8::1\n2001:db8::1,1123\n192.0.2.9\nb.example";
  const rows = dryRunRows(wantedOf(text), servers);
  expect(rows.map((row) => [row.outcome, row.servers.map(({ id }) => id), row.message])).toEqual([
    ["existing", [1n, 2n], undefined],
    ["existing", [1n], undefined],
    ["would_add", [], undefined],
    ["would_add", [], "was removed: is watched again, with its history"],
    ["would_add", [], undefined],
  ]);
});
