import { mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLeaseFile } from "@truechimer/agent";
import { systemRandom } from "@truechimer/base";
import { afterEach, beforeEach, expect, test } from "vitest";

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "truechimer-leases-"));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

test("the file of leases is its owner's alone, replaced whole, and read as it was written", async () => {
  const directory = join(parent, "prod");
  const file = createLeaseFile({ directory, random: systemRandom });
  expect(await file.read()).toBeUndefined();
  for (const content of ["one", "two"]) {
    await file.replace(new TextEncoder().encode(content));
    expect(Buffer.from((await file.read()) ?? []).toString()).toBe(content);
  }
  expect((await stat(join(directory, "leases"))).mode & 0o777).toBe(0o600);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect(await file.keepAside()).toBe("leases.damaged");
  expect(await file.read()).toBeUndefined();
  expect(await readdir(directory)).toEqual(["leases.damaged"]);
});

test("a link in the place of the file is replaced, and what it points to is left alone", async () => {
  const target = join(parent, "another");
  const directory = parent;
  await symlink(target, join(directory, "leases"));
  const file = createLeaseFile({ directory, random: systemRandom });
  await file.replace(new TextEncoder().encode("leases"));
  await expect(stat(target)).rejects.toThrow("ENOENT");
});
