import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { serverFacts } from "../parts/server-facts.ts";
import { outlook } from "./outlook.ts";

const LIMIT_NS = 25e6;

function server(
  patch: MessageInitShape<typeof adminV1.ServerSchema>,
): ReturnType<typeof serverFacts> {
  return serverFacts(
    create(adminV1.ServerSchema, {
      id: 1n,
      name: "ntp1.example",
      verdict: adminV1.Verdict.TRUECHIMER,
      state: adminV1.ServerState.WATCHED,
      witnessesFresh: 7,
      ...patch,
    }),
  );
}

function offset(ms: number): adminV1.Offset {
  return create(adminV1.OffsetSchema, { valueNs: BigInt(ms * 1e6), boundNs: 100_000n });
}

function texts(servers: readonly ReturnType<typeof serverFacts>[]): string[] {
  return outlook(servers, LIMIT_NS).map((warning) => warning.text.replaceAll("\u00a0", " "));
}

test("a quiet fleet has nothing about to break", () => {
  expect(texts([server({ offset: offset(1) })])).toEqual([]);
});

test("a truechimer near the limit is named, a falseticker is not: that has happened already", () => {
  expect(texts([server({ offset: offset(-18) })])).toEqual([
    "ntp1.example is near the limit: −18.00 ms ± 0.10",
  ]);
  expect(texts([server({ offset: offset(40), verdict: adminV1.Verdict.FALSETICKER })])).toEqual([]);
});

test("one that is beyond the limit but not provably so is named as such", () => {
  expect(texts([server({ offset: offset(26) })])).toEqual([
    "ntp1.example may be outside the limit already: +26.00 ms ± 0.10",
  ]);
});

test("too few witnesses make a verdict an opinion", () => {
  expect(texts([server({ witnessesFresh: 1 })])[0]).toContain("1 fresh witness");
});

test("an upstream that most share is one fault away", () => {
  const shared = ["192.0.2.9", "192.0.2.9", "192.0.2.9", "198.51.100.1"].map((referenceId, index) =>
    server({ id: BigInt(index + 1), stratum: 2, referenceId }),
  );
  expect(texts(shared)[0]).toContain("3 of 4 servers take their time from 192.0.2.9");
});

test("an announced leap second is told first, with how many servers announce it", () => {
  const leaping = server({ leapInserts: 3, witnessesFresh: 1 });
  expect(texts([leaping])[0]).toBe(
    "ntp1.example announces a leap second at the end of this UTC month: one more",
  );
  const others = [server({ id: 2n, leapDeletes: 1 }), server({ id: 3n })];
  expect(texts([leaping, ...others])[0]).toBe(
    "2 of 3 servers announce a leap second at the end of this UTC month: 1 one more, 1 one less",
  );
});
