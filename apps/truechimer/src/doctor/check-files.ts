// The program that runs this, the data directory, the files in it that hold secrets, and the disk under it.

import { readdirSync } from "node:fs";
import { lstat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AUDIT_HEAD_FILE } from "../audit-head-file.ts";
import { byteText } from "../backup/byte-text.ts";
import { MASTER_KEY_FILE } from "../up/master-key-file.ts";
import { type DoctorFinding, findingsOf, judged } from "./finding.ts";

/** What the product is tested with, and what npm starts it with. */
const NODE_MAJOR = 26;
const OTHERS_BITS = 0o077;
const OTHERS_WRITE_BITS = 0o022;

/** Below that a checkpoint of the database, or a move to a newer one, finds no room. */
const FREE_SHARE_MIN = 0.1;
const FREE_BYTES_MIN = 1_000_000_000;

const SECRET_FILES: readonly string[] = [
  MASTER_KEY_FILE,
  AUDIT_HEAD_FILE,
  "admin.json",
  join("postgres", "credentials.json"),
];

export function nodeFinding(version: string): DoctorFinding {
  return judged({
    what: "node",
    problem: Number.parseInt(version, 10) !== NODE_MAJOR,
    found: version,
    expected: `${NODE_MAJOR}, the one that this release brings`,
    remedy: "start it with npm start or npm run truechimer, which find the right one",
  });
}

/** Of a directory that is there. */
export async function directoryFindings(dataDir: string): Promise<readonly DoctorFinding[]> {
  const { mode } = await lstat(dataDir);
  return [
    judged({
      what: "directory",
      problem: (mode & OTHERS_WRITE_BITS) !== 0,
      found: `${dataDir} has mode ${octal(mode)}`,
      expected: "nobody but its owner may write in it",
      remedy: `chmod go-w '${dataDir}'`,
    }),
    await secretsFinding(dataDir),
    ...oldDataFindings(dataDir),
  ];
}

async function secretsFinding(dataDir: string): Promise<DoctorFinding> {
  const stats = await Promise.all(
    SECRET_FILES.map(async (name) => ({
      file: join(dataDir, name),
      found: await lstat(join(dataDir, name)).catch(() => undefined),
    })),
  );
  const there = stats.filter(({ found }) => found !== undefined);
  const open = there.filter(({ found }) => ((found?.mode ?? 0) & OTHERS_BITS) !== 0);
  return judged({
    what: "secrets",
    problem: open.length > 0 && process.platform !== "win32",
    found:
      open.length === 0
        ? `${there.length} files, which their owner alone may read`
        : `others may read ${open.map(({ file, found }) => `${file} (${octal(found?.mode ?? 0)})`).join(", ")}`,
    expected: "mode 0600",
    remedy: `chmod 600 ${open.map(({ file }) => `'${file}'`).join(" ")}`,
  });
}

/** What a move to a newer PostgreSQL has left for a person to remove. */
function oldDataFindings(dataDir: string): readonly DoctorFinding[] {
  let names: readonly string[] = [];
  try {
    names = readdirSync(join(dataDir, "postgres"));
  } catch {
    return [];
  }
  return names
    .filter((name) => /^data-\d/.test(name))
    .map((name) =>
      findingsOf("old data").warning(
        `${join(dataDir, "postgres", name)} was left by the move to a newer PostgreSQL`,
        "remove it when all is well",
      ),
    );
}

export async function diskFinding(directory: string): Promise<DoctorFinding> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const share = blocks === 0 ? 1 : bavail / blocks;
  return judged({
    what: "disk",
    problem: free < FREE_BYTES_MIN,
    warning: share < FREE_SHARE_MIN,
    found: `${byteText(free)} free (${Math.round(share * 100)} %) where ${directory} lies`,
    expected: `${FREE_SHARE_MIN * 100} % and ${byteText(FREE_BYTES_MIN)} at least`,
    remedy: "free some space, or keep results for a shorter time: history.retention",
  });
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
