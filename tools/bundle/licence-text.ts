// The licences of the packages of others that ended up in the bundle, as they ask for.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;
const PACKAGE_FOLDER = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const RULE = "-".repeat(80);

/** One section a package, sorted by name. */
export async function licenceText(root: string, { inputs }: Metafile): Promise<string> {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => PACKAGE_FOLDER.exec(path)?.[1] ?? []),
  );
  const sections = await Promise.all([...folders].toSorted().map((one) => section(root, one)));
  return sections.join(`\n${RULE}\n`);
}

async function section(root: string, folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = (await readdir(join(root, folder))).filter((name) => LICENCE_FILE.test(name));
  const texts = await Promise.all(files.map((name) => readFile(join(root, folder, name), "utf8")));
  const head = `${manifest.name} ${manifest.version} (${manifest.license ?? "see below"})`;
  return `${[head, ...texts.map((text) => text.trim())].join("\n\n")}\n`;
}
