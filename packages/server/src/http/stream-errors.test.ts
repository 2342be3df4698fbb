import { silentLogger } from "@truechimer/telemetry";
import { expect, test } from "vitest";
import { withEdgeErrors } from "./stream-errors.ts";

async function logged(code: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const logger = { ...silentLogger, error: (_fields: unknown, text: string) => lines.push(text) };
  async function* failing(): AsyncGenerator<number, void> {
    yield 1;
    throw Object.assign(new Error("broken"), { code });
  }
  const messages = withEdgeErrors({ logger }, "Watch", failing());
  await expect(Array.fromAsync(messages)).rejects.toThrow();
  return lines;
}

test("a caller that is gone while a message is written is no failure of ours", async () => {
  expect(await logged("ERR_STREAM_DESTROYED")).toEqual([]);
  expect(await logged("ECONNRESET")).toEqual([]);
  expect(await logged("ERR_ASSERTION")).toEqual(["stream failed"]);
});
