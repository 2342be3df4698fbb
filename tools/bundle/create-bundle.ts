// Puts the bundle together in a fresh folder and swaps it in at the end, so that a failure leaves the old one in place.

import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { builtinsByRequire } from "./builtins-by-require.ts";
import { koffiFromNativeFolder } from "./koffi-plugin.ts";
import { licenceText } from "./licence-text.ts";
import { copyNativePart } from "./native-part.ts";

export type BundleOptions = {
  /** Of the repository. */
  readonly root: string;
  /** The folder to make. */
  readonly out: string;
  /** Such as "linux-x64". */
  readonly platforms: readonly string[];
};

/** The probe thread is a file of its own: a thread compiles what it loads, and needs a tenth of the program. */
const ENTRIES = {
  "truechimer-agent": "apps/truechimer/src/agent-main.ts",
  "probe-thread": "packages/udp/src/kernel/probe-thread.ts",
};

/** What goes along as it is, with its mode. */
const PACKAGING = "apps/truechimer/packaging";
const FILES = {
  "truechimer-agent": 0o755,
  "truechimer-agent@.service": 0o644,
  "truechimer-agent.sysusers": 0o644,
  "truechimer-agent.default": 0o644,
  "README.md": 0o644,
};

/** CommonJS packages ask for Node's own modules by `require`, which an ES module has to make first. */
const REQUIRE = `import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);
const __builtin = require;`;

export async function createBundle({
  root,
  out,
  platforms,
}: BundleOptions): Promise<{ readonly bytes: number }> {
  await mkdir(dirname(out), { recursive: true });
  const fresh = await mkdtemp(join(dirname(out), `.dist-${basename(out)}-`));
  try {
    const metafile = await compile(root, fresh);
    await writeManifest(root, fresh);
    await copyPackaging(root, fresh);
    await writeFile(join(fresh, "THIRD-PARTY-LICENCES.txt"), await licenceText(root, metafile));
    for (const platform of platforms) await copyNativePart({ root, out: fresh, platform });
    await chmod(fresh, 0o755);
    await rm(out, { recursive: true, force: true });
    await rename(fresh, out);
    return { bytes: programBytes(metafile) };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function compile(root: string, outdir: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir,
    bundle: true,
    // What is imported where it is used is a file of its own, which an agent that has no use for it does not even read.
    splitting: true,
    chunkNames: "part-[hash]",
    platform: "node",
    format: "esm",
    target: "node26",
    conditions: ["source"],
    banner: { js: REQUIRE },
    inject: [join(root, "tools", "bundle", "plain-headers.ts")],
    minifySyntax: true,
    // Comments go: one character beyond Latin-1 makes two bytes of each in memory.
    minifyWhitespace: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins: [builtinsByRequire, koffiFromNativeFolder, versionAsConstant(await versionOf(root))],
  });
  return metafile;
}

/** In the repository the version is read from a package.json that is not in the bundle. */
function versionAsConstant(version: string): Plugin {
  return {
    name: "version-as-constant",
    setup: (builder) => {
      builder.onLoad({ filter: /[\\/]product-version\.ts$/ }, () => ({
        contents: `export const PRODUCT_VERSION = ${JSON.stringify(version)};`,
      }));
    },
  };
}

async function versionOf(root: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

/** Tells Node that the files are ES modules, and a person what the folder is. */
async function writeManifest(root: string, out: string): Promise<void> {
  const manifest = {
    name: "truechimer-agent",
    version: await versionOf(root),
    private: true,
    type: "module",
    license: "Apache-2.0",
    engines: { node: ">=26" },
  };
  await writeFile(join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function copyPackaging(root: string, out: string): Promise<void> {
  for (const [name, mode] of Object.entries(FILES)) {
    await cp(join(root, PACKAGING, name), join(out, name));
    await chmod(join(out, name), mode);
  }
  await cp(join(root, "LICENSE"), join(out, "LICENSE"));
}

function programBytes({ outputs }: Metafile): number {
  return Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}
