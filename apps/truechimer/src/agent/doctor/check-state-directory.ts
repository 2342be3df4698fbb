// The state directory: there, the agent's own, nobody else's, writable, and with files that can be read.

import { lstat, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { StoredIdentity } from "@truechimer/agent";
import { type DoctorFinding, errorText, findingsOf } from "../../doctor/finding.ts";
import type { AgentSettings } from "../agent-settings.ts";

const OTHERS_BITS = 0o077;
const { ok, warning, problem } = findingsOf("directory");

export async function checkStateDirectory(
  settings: Pick<AgentSettings, "directory" | "stateDirectory" | "stateDirectoryWarning">,
  readStored: () => Promise<StoredIdentity>,
): Promise<readonly DoctorFinding[]> {
  const { directory } = settings;
  let owner: number;
  try {
    const stats = await lstat(directory);
    owner = stats.uid;
    if ((stats.mode & OTHERS_BITS) !== 0 && process.platform !== "win32") {
      return [othersMayEnter(directory, stats.mode)];
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") return [unreadable(directory, error)];
    return [
      warning(
        `${directory} is not there yet`,
        "it is made when this host is enrolled; is --state-dir the right one?",
      ),
    ];
  }
  const findings = [
    ...(await filesOfOthers(directory, owner)),
    ...(await storedFindings(readStored, directory)),
    ...(await writeFindings(directory)),
    ...(settings.stateDirectoryWarning === undefined
      ? []
      : [warning(settings.stateDirectoryWarning)]),
  ];
  return findings.length > 0 ? findings : [ok(`${directory} is this account's own, and writable`)];
}

function othersMayEnter(directory: string, mode: number): DoctorFinding {
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  return problem(
    `${directory} has mode ${octal}: others on this host may get at the agent's key`,
    `chmod 700 '${directory}'`,
  );
}

function unreadable(directory: string, error: unknown): DoctorFinding {
  return problem(
    `${directory} cannot be entered: ${errorText(error)}`,
    "run this as the agent's account, such as with sudo -u truechimer-agent",
  );
}

/** The usual mishap: an administrator wrote a file as root, and the agent cannot read it. */
async function filesOfOthers(directory: string, owner: number): Promise<readonly DoctorFinding[]> {
  const names = await readdir(directory).catch(() => []);
  const stats = await Promise.all(
    names.map(async (name) => ({
      name,
      stat: await lstat(join(directory, name)).catch(() => undefined),
    })),
  );
  const foreign = stats.filter(({ stat }) => stat !== undefined && stat.uid !== owner);
  // An empty file, such as a lock, has nothing to read.
  const readable = stats.filter(({ stat: found }) => {
    return found?.isFile() === true && found.size > 0 && (found.mode & OTHERS_BITS) !== 0;
  });
  return [
    ...(foreign.length === 0
      ? []
      : [
          problem(
            `${foreign.map(({ name }) => name).join(", ")}: of another account than the directory, so the agent may not read them`,
            `chown -R ${owner} '${directory}'`,
          ),
        ]),
    ...(readable.length === 0 || process.platform === "win32"
      ? []
      : [
          problem(
            `${readable.map(({ name }) => name).join(", ")}: readable by others on this host`,
            `chmod go= '${directory}'/*`,
          ),
        ]),
  ];
}

async function storedFindings(
  readStored: () => Promise<StoredIdentity>,
  directory: string,
): Promise<readonly DoctorFinding[]> {
  let stored: StoredIdentity;
  try {
    stored = await readStored();
  } catch (error) {
    return [unreadable(directory, error)];
  }
  return [
    ...stored.damaged.map(({ name, why }) =>
      problem(
        `${name} cannot be used: ${why}`,
        "the agent keeps it aside and goes on with the rest; enrol it again if its key is lost",
      ),
    ),
    ...stored.problems.map((text) => warning(text)),
  ];
}

async function writeFindings(directory: string): Promise<readonly DoctorFinding[]> {
  const path = join(directory, `doctor-${process.pid}.tmp`);
  try {
    await using file = await open(path, "wx", 0o600);
    await file.write("x");
    await file.sync();
    return [];
  } catch (error) {
    return [
      problem(
        `${directory} cannot be written: ${errorText(error)}`,
        "free space on its disk, or give the agent's account the right to write there",
      ),
    ];
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}
