// The built dashboard, built once for each state of its sources, so that tests never look at an old one.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";

const WEB = join(import.meta.dirname, "..");
const CACHE = join(WEB, "node_modules", ".cache");
const SOURCES = [
  "src",
  "public",
  "index.html",
  "vite.config.ts",
  "tests/_built-page.ts",
  "../../packages/api/src",
  "../../packages/base/src",
  "../../packages/filter/src",
  "../../docs/reference",
];

/** The directory with the built page. */
export async function builtPage(): Promise<string> {
  const wanted = join(CACHE, `page-${await stateOfSources()}`);
  if (existsSync(wanted)) return wanted;
  const made = await mkdtemp(join(WEB, ".dist-"));
  await buildAsShipped(made);
  await mkdir(CACHE, { recursive: true });
  // Two test files may build at the same time: the first to finish wins.
  await rename(made, wanted).catch(() => rm(made, { recursive: true, force: true }));
  await forgetOthers(wanted);
  return wanted;
}

/** Under a test runner NODE_ENV says "test", which would build React's development version. */
async function buildAsShipped(outDir: string): Promise<void> {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  try {
    await build({
      root: WEB,
      configFile: join(WEB, "vite.config.ts"),
      logLevel: "error",
      mode: "production",
      build: { outDir, emptyOutDir: true },
    });
  } finally {
    process.env["NODE_ENV"] = before;
  }
}

async function stateOfSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(WEB, source);
    const isFolder = (await stat(path)).isDirectory();
    const names = isFolder ? (await readdir(path, { recursive: true })).toSorted() : [""];
    for (const name of names) {
      const { mtimeMs, size } = await stat(join(path, name));
      hash.update(`${source}/${name} ${mtimeMs} ${size}\n`);
    }
  }
  return hash.digest("hex").slice(0, 16);
}

async function forgetOthers(kept: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const old =
      name.startsWith("page-") &&
      path !== kept &&
      (await stat(path)).mtimeMs < Date.now() - 3_600_000;
    if (old) await rm(path, { recursive: true, force: true });
  }
}
