// The rows of a copy, however the bytes are cut into pieces on their way, and whatever comes behind them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { CopySocket, copyRows } from "./copy-stream.ts";

interface FakeClient {
  readonly client: Parameters<typeof copyRows>[0];
  /** As the socket tells it: during a copy in memory that the next piece will be in, too. */
  readonly receive: (piece: Uint8Array) => void;
  readonly stream: CopySocket;
  /** What came to the driver's own parser. */
  readonly driver: Buffer[];
  readonly ready: () => void;
}

function fakeClient(): FakeClient {
  const stream = new CopySocket();
  const receive = (piece: Uint8Array): void => {
    const bytes = Buffer.from(piece);
    const isReused = stream.isCopying;
    stream.emit("data", bytes);
    if (isReused) bytes.fill(0x64);
  };
  const driver: Buffer[] = [];
  stream.on("data", (bytes: Buffer) => driver.push(bytes));
  let ready = (): void => undefined;
  const client = {
    query: (submitted: {
      readonly submit: (connection: unknown) => void;
      readonly handleReadyForQuery: () => void;
    }) => {
      ready = () => submitted.handleReadyForQuery();
      submitted.submit({ stream, query: () => undefined });
    },
  };
  return { client: client as never, stream, receive, driver, ready: () => ready() };
}

function message(code: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(code, "latin1");
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const body = fc.uint8Array({ maxLength: 40 });
const cut = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });

test("each row comes once and whole, and what is behind the copy goes to the driver", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(body, { maxLength: 20 }), cut, body, async (rows, cuts, end) => {
      const { client, receive, driver, ready } = fakeClient();
      const taken: Buffer[] = [];
      const copying = copyRows(client, "copy", (bytes, from, to) => {
        taken.push(Buffer.from(bytes.subarray(from, to)));
      });
      const behind = Buffer.concat([message("C", end), message("Z", new Uint8Array([73]))]);
      const sent = Buffer.concat([
        message("H", new Uint8Array(3)),
        ...rows.map((row) => message("d", row)),
        message("c", new Uint8Array()),
        behind,
      ]);
      let at = 0;
      for (const length of [...cuts, sent.length]) {
        if (at < sent.length) receive(sent.subarray(at, at + length));
        at += length;
      }
      ready();
      await copying;
      expect(taken).toEqual(rows.map((row) => Buffer.from(row)));
      expect(Buffer.concat(driver)).toEqual(behind);
      // The driver is in its place again.
      receive(Buffer.from("more"));
      expect(Buffer.concat(driver).subarray(behind.length).toString()).toBe("more");
    }),
  );
});

test("a row that cannot be read ends the connection, and is told as what it is", async () => {
  const { client, stream, receive } = fakeClient();
  const copying = copyRows(client, "copy", () => {
    throw new RangeError("no such row");
  });
  receive(message("d", new Uint8Array(3)));
  await expect(copying).rejects.toThrow("no such row");
  expect(stream.destroyed).toBe(true);
});
