import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { shownColumns } from "../servers/columns.tsx";
import { toCsv } from "./csv.ts";
import { serverFacts } from "./server-facts.ts";

const SERVER = serverFacts(
  create(adminV1.ServerSchema, {
    id: 1n,
    name: 'odd, "name"',
    address: "2001:db8::1",
    port: 1123,
    state: adminV1.ServerState.WATCHED,
    verdict: adminV1.Verdict.FALSETICKER,
    verdictReason: "offset",
    offset: { valueNs: -40_123_456n, boundNs: 210_000n },
  }),
);

test("an export has the shown columns with numbers in full", () => {
  expect(toCsv([SERVER], shownColumns("offset,address"))).toBe(
    "state,verdict,verdict_reason,name,address,offset_ns,bound_ns\r\n" +
      'watched,falseticker,offset,"odd, ""name""",[2001:db8::1]:1123,-40123456,210000\r\n',
  );
});

test("a name that a spreadsheet would run is disarmed", () => {
  expect(toCsv([{ ...SERVER, name: "=1+2" }], shownColumns(""))).toContain(",'=1+2\r\n");
});
