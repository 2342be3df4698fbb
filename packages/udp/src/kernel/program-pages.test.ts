import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { cleanMappings, releaseProgramPages } from "./program-pages.ts";

const NODE = "/opt/node with a blank/bin/node";

function mapping(head: string, fields: Readonly<Record<string, number>> = {}): string {
  const all = { Rss: 100, Private_Dirty: 0, Anonymous: 0, Swap: 0, ...fields };
  const lines = Object.entries(all).map(([name, kib]) => `${`${name}:`.padEnd(16)}${kib} kB`);
  return `${head}\n${lines.join("\n")}\nVmFlags: rd ex mr\n`;
}

describe("pages of the program file", () => {
  test("are given back where nobody has written to them", () => {
    const smaps = [
      mapping(`00400000-00500000 r--p 00000000 fe:00 4711                       ${NODE}`),
      mapping(`00500000-00700000 r-xp 00100000 fe:00 4711                       ${NODE}`),
    ].join("");
    expect(cleanMappings(smaps, NODE)).toEqual([
      { address: 0x400000, length: 0x100000 },
      { address: 0x500000, length: 0x200000 },
    ]);
  });

  test.each([
    { name: "may be written to", rights: "rw-p", fields: {}, path: NODE },
    { name: "were relocated", rights: "r--p", fields: { Anonymous: 24 }, path: NODE },
    { name: "are in swap", rights: "r--p", fields: { Swap: 4 }, path: NODE },
    { name: "belong to another file", rights: "r-xp", fields: {}, path: "/lib/libc.so.6" },
    { name: "belong to no file", rights: "r-xp", fields: {}, path: "" },
    {
      name: "belong to a file that was replaced",
      rights: "r-xp",
      fields: {},
      path: `${NODE} (deleted)`,
    },
  ])("stay where they $name", ({ rights, fields, path }) => {
    const head = `7f0000000000-7f0000100000 ${rights} 00000000 fe:00 4711          ${path}`;
    expect(cleanMappings(mapping(head, fields), NODE)).toEqual([]);
  });

  test.runIf(process.platform === "linux")("come back when they are needed", async () => {
    const residentFileKib = (): number =>
      Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]);
    const before = residentFileKib();
    expect(await releaseProgramPages()).toBeGreaterThan(1_000_000);
    expect(residentFileKib()).toBeLessThan(before);
    expect(JSON.parse(JSON.stringify({ still: [1, 2n.toString()] }))).toEqual({ still: [1, "2"] });
  });
});
