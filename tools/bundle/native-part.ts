// koffi's native part for a platform: from node_modules where npm has put it, else from the registry, in the version and
// with the checksum of package-lock.json.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** By platform: the file in the package, and its name in the bundle. */
const NATIVE_FILES: ReadonlyMap<string, readonly (readonly [from: string, to: string])[]> = new Map(
  ["linux-x64", "linux-arm64"].map((platform) => {
    const arch = platform.slice("linux-".length);
    return [
      platform,
      [
        [`linux_${arch}/koffi.node`, "glibc.node"],
        [`musl_${arch}/koffi.node`, "musl.node"],
      ],
    ];
  }),
);

export type NativePartOptions = {
  readonly root: string;
  readonly out: string;
  readonly platform: string;
};

/** The platform of this host, such as "linux-x64". */
export function hostPlatform(): string {
  return `${process.platform}-${process.arch}`;
}

/** Where kernel time stamps exist; anywhere else the agent needs no native part, and stamps by itself. */
export function knownPlatforms(): readonly string[] {
  return [...NATIVE_FILES.keys()];
}

export async function copyNativePart({ root, out, platform }: NativePartOptions): Promise<void> {
  const files = NATIVE_FILES.get(platform);
  if (files === undefined) {
    if (platform === hostPlatform()) return;
    throw new Error(
      `there is no native part for "${platform}": expected one of ${knownPlatforms().join(", ")}`,
    );
  }
  const name = `@koromix/koffi-${platform}`;
  const installed = join(root, "node_modules", ...name.split("/"));
  const scratch = await mkdtemp(join(tmpdir(), "truechimer-bundle-"));
  try {
    const source = existsSync(installed) ? installed : await fetchPackage(root, name, scratch);
    const target = join(out, "native", platform);
    await mkdir(target, { recursive: true });
    for (const [from, to] of files) await cp(join(source, from), join(target, to));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Gives the folder it was unpacked to. */
async function fetchPackage(root: string, name: string, scratch: string): Promise<string> {
  const { version, integrity } = await lockedPackage(root, name);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  await run(npm, ["pack", `${name}@${version}`, "--pack-destination", scratch, "--silent"], {
    cwd: root,
  });
  const archive = join(scratch, `${name.slice(1).replace("/", "-")}-${version}.tgz`);
  const found = `sha512-${createHash("sha512")
    .update(await readFile(archive))
    .digest("base64")}`;
  if (found !== integrity) {
    throw new Error(
      `${name} ${version} from the registry has the checksum ${found}, and package-lock.json says ${integrity}: do not use it`,
    );
  }
  await run("tar", ["-xzf", archive, "-C", scratch]);
  return join(scratch, "package");
}

type Lock = {
  readonly packages: Readonly<Record<string, { version: string; integrity: string }>>;
};

async function lockedPackage(
  root: string,
  name: string,
): Promise<{ readonly version: string; readonly integrity: string }> {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as Lock;
  const locked = lock.packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`${name} is not in package-lock.json`);
  return locked;
}
