// Gives pages of Node's own program file back to the system. To start, Node touches half of its 150 MB file, and what it
// touched stays with the process although most of it is never read again. The pages are clean: they remain in the page
// cache, shared with every other Node, and those that are needed come back at a few microseconds for 64 KiB.

import { readFile } from "node:fs/promises";

/** A mapping of the program file that was never written to. */
interface CleanMapping {
  readonly address: number;
  readonly length: number;
}

/** As the first line of a mapping in /proc/PID/smaps: addresses, rights, offset, device, inode, path. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) [0-9a-f]+ \S+ \d+ +(.*)$/;

/** Does nothing where there is no Linux. Returns the length of what was given back, in bytes of address space. */
export async function releaseProgramPages(): Promise<number> {
  if (process.platform !== "linux") return 0;
  const { dropPages } = await import("./linux-calls.ts");
  let released = 0;
  for (const { address, length } of cleanMappings(await readSmaps(), process.execPath)) {
    if (dropPages(address, length) === 0) released += length;
  }
  return released;
}

/** Read-only mappings of `path` that hold nothing of the process's own: no page that was written to, none in swap. */
export function cleanMappings(smaps: string, path: string): readonly CleanMapping[] {
  const found: CleanMapping[] = [];
  for (const section of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const [first = ""] = section.split("\n", 1);
    const [, from, to, rights, mapped] = MAPPING.exec(first) ?? [];
    if (from === undefined || to === undefined || mapped !== path) continue;
    if (rights?.includes("w") === true || !hasNone(section, "Anonymous")) continue;
    if (!hasNone(section, "Swap")) continue;
    const address = Number.parseInt(from, 16);
    found.push({ address, length: Number.parseInt(to, 16) - address });
  }
  return found;
}

function hasNone(section: string, name: string): boolean {
  return new RegExp(`^${name}: +0 kB$`, "m").test(section);
}

function readSmaps(): Promise<string> {
  return readFile("/proc/self/smaps", "latin1");
}
