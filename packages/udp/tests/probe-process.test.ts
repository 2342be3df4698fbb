// What a probe socket does to the process that holds it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type NtpServer, useNtpServer } from "./_ntp-server.ts";

const CHILD = join(import.meta.dirname, "_probing-child.ts");
const HAS_KERNEL_STAMPS = process.platform === "linux";

interface Ended {
  readonly code: number | null;
  readonly lines: readonly unknown[];
  readonly errors: string;
}

async function runChild(
  way: string,
  server: NtpServer,
  nodeOptions: readonly string[] = [],
): Promise<Ended> {
  const parameters = ["--conditions=source", ...nodeOptions, CHILD, way, String(server.port)];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  const lines = output.split("\n").filter((line) => line !== "");
  return { code, lines: lines.map((line): unknown => JSON.parse(line)), errors };
}

describe("the process with a probe socket", () => {
  test("ends by itself when nothing is in flight, also if the socket was never closed", async () => {
    await using server = await useNtpServer();
    const { code, lines } = await runChild("forget-to-close", server);
    expect(lines).toEqual([{ stamps: HAS_KERNEL_STAMPS ? "kernel" : "user_space" }]);
    expect(code).toBe(0);
  });

  test("ends at once when it is told to, with exchanges in flight", async () => {
    await using server = await useNtpServer(() => {});
    const { code } = await runChild("exit-while-waiting", server);
    expect(code).toBe(7);
  });

  test.runIf(process.platform === "linux")("has no more files open than before", async () => {
    await using server = await useNtpServer();
    const { code, lines } = await runChild("open-and-close", server);
    expect(code).toBe(0);
    expect(lines.at(-1)).toEqual({ leaked: 0 });
  });

  test.runIf(HAS_KERNEL_STAMPS)("does without native code when it must, and says so", async () => {
    await using server = await useNtpServer();
    const { code, lines, errors } = await runChild("forget-to-close", server, [
      "--permission",
      "--allow-fs-read=*",
      "--allow-worker",
      "--allow-net",
    ]);
    expect({ code, errors: code === 0 ? "" : errors }).toEqual({ code: 0, errors: "" });
    expect(lines).toMatchObject([
      { code: "kernel_timestamps_unavailable" },
      { stamps: "user_space" },
    ]);
  });
});
