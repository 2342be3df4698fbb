// The bytes of an agent of the NTP Pool, version 4: written and read here by hand, with none of our generated code
// between, so that a renumbered field cannot go unnoticed.

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { isUlid } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { server, admin } = await useServer(database, { roles: ["api"] });
const MON = "10.0.0.1";
const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2:1123"] });

type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint)[]>;

/** As connect-go sends it over HTTP/1.1. */
async function call(method: string, message: Uint8Array): Promise<Fields> {
  const answer = await fetch(`${server.url}/monitor.v2.MonitorService/${method}`, {
    method: "POST",
    headers: {
      "content-type": "application/proto",
      "connect-protocol-version": "1",
      "accept-encoding": "gzip",
      "user-agent": "ntppool-agent/v4.1.5/c06769b",
      authorization: `Bearer ${token}`,
    },
    body: Uint8Array.from(message),
  });
  expect(answer.headers.get("content-type")).toBe("application/proto");
  return fieldsOf(new Uint8Array(await answer.arrayBuffer()));
}

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const value = type === WireType.Varint ? BigInt(reader.uint64()) : reader.bytes();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

function bytesOf(fields: Fields, number: number): Uint8Array {
  const [value] = fields.get(number) ?? [];
  if (!(value instanceof Uint8Array)) throw new Error(`field ${number} is missing`);
  return value;
}

const monId = (field: number): BinaryWriter =>
  new BinaryWriter().tag(field, WireType.LengthDelimited).string(MON);

test("GetConfig: samples 1, ip_bytes 2", async () => {
  const config = await call("GetConfig", monId(1).finish());
  expect(config.get(1)).toEqual([3n]);
  expect([...bytesOf(config, 2)]).toEqual([10, 0, 0, 1]);
  expect([...config.keys()].filter((number) => number < 100)).toEqual([1, 2]);
});

test("GetServers and SubmitResults: batch 1, config 2, servers 3; version 1, mon_id 2, list 3, batch 4", async () => {
  const batch = await call("GetServers", monId(1).finish());
  const batchId = bytesOf(batch, 1);
  expect(isUlid(Buffer.from(batchId).toString())).toBe(true);
  expect([...bytesOf(fieldsOf(bytesOf(batch, 2)), 2)]).toEqual([10, 0, 0, 1]);
  // Only port 123: a version 4 agent could not name another.
  expect(batch.get(3)).toHaveLength(1);
  const work = fieldsOf(bytesOf(batch, 3));
  expect([...work.keys()]).toEqual([2, 3]);
  expect(Buffer.from(bytesOf(work, 2)).toString()).toMatch(/^1-[A-Za-z0-9_-]{43}$/);
  expect([...bytesOf(work, 3)]).toEqual([10, 1, 0, 1]);

  const now = BigInt(Math.round(Date.now() / 1_000));
  const time = new BinaryWriter().tag(1, WireType.Varint).uint64(now).finish();
  const offset = new BinaryWriter().tag(2, WireType.Varint).int32(-40_000_000).finish();
  const rtt = new BinaryWriter().tag(2, WireType.Varint).int32(20_000_000).finish();
  const status = new BinaryWriter()
    .tag(2, WireType.LengthDelimited)
    .bytes(bytesOf(work, 2))
    .tag(3, WireType.LengthDelimited)
    .bytes(bytesOf(work, 3))
    .tag(6, WireType.LengthDelimited)
    .bytes(time)
    .tag(7, WireType.LengthDelimited)
    .bytes(offset)
    .tag(8, WireType.LengthDelimited)
    .bytes(rtt)
    .tag(9, WireType.Varint)
    .int32(2)
    .finish();
  const submission = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(4)
    .tag(2, WireType.LengthDelimited)
    .string(MON)
    .tag(3, WireType.LengthDelimited)
    .bytes(status)
    .tag(4, WireType.LengthDelimited)
    .bytes(batchId)
    .finish();
  const answer = await call("SubmitResults", submission);
  expect(answer.get(1)).toEqual([1n]);
  expect((await call("SubmitResults", submission)).get(1)).toEqual([1n]);

  const rows = await database.kysely
    .selectFrom("log_scores")
    .select(["offset_ns", "rtt_ns", "stratum", "step", "bound_ns"])
    .execute();
  expect(rows).toEqual([
    {
      offset_ns: -40_000_000n,
      rtt_ns: 20_000_000n,
      stratum: 2,
      step: expect.closeTo(0.90032, 5),
      bound_ns: null,
    },
  ]);
  const { answer_bound_ns } = await database.kysely
    .selectFrom("server_scores")
    .select("answer_bound_ns")
    .where("answer_bound_ns", "is not", null)
    .executeTakeFirstOrThrow();
  // Half of the round trip, and what user-space stamps may err.
  expect(answer_bound_ns).toBe(10_100_000n);
});
