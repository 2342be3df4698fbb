// Puts a copy of PostgreSQL's programs where every account can run them.

import { existsSync, statSync } from "node:fs";
import { chmod, cp, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { appErrorFromFile } from "./file-error.ts";
import { linkLibraries, nativeDir, type PlatformBinaries } from "./platform-binaries.ts";

/** Complete or absent: copied under another name first, so that a killed copy is never taken for a whole one. */
export async function copyBinaries(
  binaries: PlatformBinaries,
  target: string,
  base: string,
): Promise<void> {
  const partial = await mkdtemp(join(base, "copying-"));
  try {
    await cp(nativeDir(binaries.packageDir), nativeDir(partial), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await linkLibraries(partial);
    await makeReadable(partial);
    await rename(partial, target);
  } catch (error) {
    // Another process was faster.
    if (existsSync(target)) return;
    throw appErrorFromFile(error, base);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** For every account, whatever the umask was when npm unpacked the original. */
async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    if (entry.isFile()) await chmod(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
