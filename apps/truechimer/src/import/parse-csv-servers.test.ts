import { csvLine } from "@truechimer/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCsvServers } from "./parse-csv-servers.ts";

test.each([
  { name: "no heading", text: "a.example\n192.0.2.7,1123,backup\n" },
  { name: "a heading", text: "host,port,name\na.example,,\n192.0.2.7,1123,backup\n" },
  { name: "other columns", text: "id,Name,PORT,Address\n1,,,a.example\n2,backup,1123,192.0.2.7" },
  {
    name: "quotes",
    text: '"server","port","name"\r\n"a.example","",""\r\n"192.0.2.7","1123","backup"',
  },
  { name: "ports with the hosts", text: "ip,name\na.example:123,\n192.0.2.7:1123,backup" },
])("$name", ({ text }) => {
  expect(parseCsvServers(text)).toMatchObject([
    { outcome: "found", namedAs: "server", target: "a.example", port: 123 },
    { outcome: "found", target: "192.0.2.7:1123", address: "192.0.2.7", label: "backup" },
  ]);
});

test("a name is the host where there is no other column for it", () => {
  expect(parseCsvServers("name\na.example")).toMatchObject([{ line: 2, target: "a.example" }]);
});

test.each([
  { name: "a formula", text: "=cmd|'/c calc'!A1,123", says: "is no server" },
  { name: "a name from right to left", text: "\u202eexample,123", says: "is no server" },
  { name: "a port that is none", text: "a.example,ntp", says: '"ntp" is no port' },
  { name: "a host without an end", text: "a".repeat(100_000), says: "has 100000 characters" },
  { name: "a port without an end", text: `a.example,${"1".repeat(9_999)}`, says: '1…" is no port' },
  { name: "no host", text: ",123", says: "without a host" },
  { name: "semicolons", text: "a.example;123", says: "is no server" },
  { name: "an open quote", text: '"a.example,123\nb.example', says: "never closed" },
])("$name is bad", ({ text, says }) => {
  expect(parseCsvServers(text)).toMatchObject([
    { line: 1, outcome: "bad", message: expect.stringContaining(says) as string },
  ]);
  expect(
    JSON.stringify(parseCsvServers(text).map((f) => "message" in f && f.message)).length,
  ).toBeLessThan(200);
});

test("empty records are nothing, and comments are passed over", () => {
  const text = "\n,,\n# ours\na.example\n";
  expect(parseCsvServers(text).map(({ line, outcome }) => [line, outcome])).toEqual([
    [3, "passed_over"],
    [4, "found"],
  ]);
});

test("what we write as CSV is read again, whatever the name holds", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 20 }),
      (labels) => {
        const rows = labels.map((label, n) => csvLine([`n${n}.example`, "1123", `x${label}y`]));
        const found = parseCsvServers(csvLine(["host", "port", "name"]) + rows.join(""));
        expect(found.map((finding) => finding.outcome === "found" && finding.label)).toEqual(
          labels.map((label) => `x${label}y`),
        );
      },
    ),
  );
});
