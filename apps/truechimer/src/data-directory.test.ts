import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataDirectory } from "./data-directory.ts";

// Node's own recursive mkdir tries for ever here: the system calls the refused directory missing.
test.skipIf(process.platform !== "linux")(
  "a directory that the system never makes is refused",
  async () => {
    await expect(openDataDirectory("/proc/truechimer/data")).rejects.toMatchObject({
      code: "directory_unwritable",
      message: expect.stringContaining("--data-dir"),
    });
  },
);

test("parents are made too, and others may enter but not look around", async () => {
  const base = await mkdtemp(join(tmpdir(), "truechimer-directory-"));
  const path = join(base, "new", "inner");
  {
    await using directory = await openDataDirectory(path);
    expect(directory.path).toBe(path);
    expect((await stat(path)).mode & 0o777 & ~0o711).toBe(0);
  }
  await rm(base, { recursive: true });
});
