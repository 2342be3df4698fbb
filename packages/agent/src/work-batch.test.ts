import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { parseWorkBatch, type WorkBatch } from "./work-batch.ts";

type ServersInit = MessageInitShape<typeof monitorV2.GetServersResponseSchema>["servers"];

const BATCH_ID = "01KAWM9W3M8Z0FG2S4T6V8X0YZ";
const IPV4 = Uint8Array.of(192, 0, 2, 1);

function batchOf(servers: ServersInit, batchId = BATCH_ID): ReturnType<typeof parseWorkBatch> {
  const id = new TextEncoder().encode(batchId);
  return parseWorkBatch(
    create(monitorV2.GetServersResponseSchema, { batchId: id, ...(servers && { servers }) }),
  );
}

function validBatch(servers: ServersInit): WorkBatch {
  const batch = batchOf(servers);
  if (!batch.ok) throw new Error(batch.error);
  return batch.value;
}

describe("a batch", () => {
  test("gives each server with its ticket; port 123 where none is named", () => {
    const ticket = Uint8Array.of(1, 2, 3);
    const { items, leftOut, batchIdText } = validBatch([
      { ipBytes: IPV4, ticket },
      { ipBytes: new Uint8Array(16).fill(1), port: 1_123 },
    ]);
    expect(batchIdText).toBe(BATCH_ID);
    expect(leftOut).toEqual([]);
    expect(items[0]).toMatchObject({ port: 123, ticket, ipBytes: IPV4 });
    expect(items[0]?.address.text).toBe("192.0.2.1");
    expect(items[1]).toMatchObject({ port: 1_123, address: { family: "v6" } });
  });

  test.each([
    ["an address of 5 bytes", { ipBytes: new Uint8Array(5) }, /4 or 16 bytes, not 5/],
    ["no address", {}, /4 or 16 bytes, not 0/],
    ["port 0", { ipBytes: IPV4, port: 0 }, /port 0 of 192\.0\.2\.1/],
    ["port 65536", { ipBytes: IPV4, port: 65_536 }, /expected 1 to 65535/],
    ["a traceroute to no address", { trace: true }, /4 or 16 bytes, not 0/],
  ])("leaves out %s, and nothing else", (_, server, why) => {
    const { items, leftOut } = validBatch([server, { ipBytes: IPV4 }]);
    expect(items).toHaveLength(1);
    expect(leftOut).toHaveLength(1);
    expect(leftOut[0]).toMatch(why);
  });

  test("tells traceroutes from checks, also of one server", () => {
    const ticket = Uint8Array.of(7);
    const { items, traceroutes } = validBatch([
      { ipBytes: IPV4, trace: true, ticket },
      { ipBytes: IPV4 },
    ]);
    expect(items).toMatchObject([{ port: 123, ticket: new Uint8Array() }]);
    expect(traceroutes).toMatchObject([{ port: 123, ticket, ipBytes: IPV4 }]);
  });

  test("of more than a thousand is cut, and says so", () => {
    const many = Array.from({ length: 1_003 }, () => ({ ipBytes: IPV4 }));
    const { items, leftOut } = validBatch(many);
    expect(items).toHaveLength(1_000);
    expect(leftOut).toEqual(["3 entries beyond 1000"]);
  });

  test("without a proper id is refused when there is work in it", () => {
    expect(batchOf([{ ipBytes: IPV4 }], "nonsense")).toMatchObject({ ok: false });
    expect(batchOf([], "")).toMatchObject({ ok: true });
  });

  test("keeps an IPv4-mapped address as it came, because the ticket is for those bytes", () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1);
    const [item] = validBatch([{ ipBytes: mapped }]).items;
    expect(item).toMatchObject({ ipBytes: mapped, address: { family: "v4", text: "192.0.2.1" } });
  });
});
