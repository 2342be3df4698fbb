import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredIdentity } from "@truechimer/agent";
import { expect, onTestFinished, test } from "vitest";
import type { DoctorFinding } from "../../doctor/finding.ts";
import { checkStateDirectory } from "./check-state-directory.ts";

async function useDirectory(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), "truechimer-doctor-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const directory = join(parent, "prod");
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

function stored(more: Partial<StoredIdentity> = {}): StoredIdentity {
  return {
    state: undefined,
    pair: undefined,
    rootPem: undefined,
    enrolment: undefined,
    damaged: [],
    problems: [],
    pairIncomplete: false,
    digests: {},
    ...more,
  };
}

function check(
  directory: string,
  identity = stored(),
  stateDirectoryWarning?: string,
): Promise<readonly DoctorFinding[]> {
  const settings = { directory, stateDirectory: directory, stateDirectoryWarning };
  return checkStateDirectory(settings, () => Promise.resolve(identity));
}

test("a directory of one's own is well, and looking at it leaves nothing behind", async () => {
  const directory = await useDirectory();
  await writeFile(join(directory, "state.json"), "{}", { mode: 0o600 });
  await writeFile(join(directory, "lock"), "", { mode: 0o644 });
  expect((await check(directory)).map(({ health }) => health)).toEqual(["ok"]);
  expect(await readdir(directory)).toEqual(["lock", "state.json"]);
});

test("a directory that is not there yet is no problem", async () => {
  const directory = join(await useDirectory(), "none");
  expect(await check(directory)).toMatchObject([{ health: "warning" }]);
});

test("a directory that others may enter is a problem, with the command that mends it", async () => {
  const directory = await useDirectory();
  await chmod(directory, 0o755);
  const [finding] = await check(directory);
  expect(finding?.health).toBe("problem");
  expect(finding?.found).toMatch(/has mode 0755/);
  expect(finding?.remedy).toBe(`chmod 700 '${directory}'`);
});

test("a key that others may read is a problem", async () => {
  const directory = await useDirectory();
  await writeFile(join(directory, "key.pem"), "x");
  await chmod(join(directory, "key.pem"), 0o644);
  const [finding] = await check(directory);
  expect(finding).toMatchObject({ health: "problem" });
  expect(finding?.found).toMatch(/^key\.pem: readable by others/);
});

test("damaged files and half-used ones are named", async () => {
  const findings = await check(
    await useDirectory(),
    stored({
      damaged: [{ name: "state.json", why: "it is empty" }],
      problems: ["cert.pem and key.pem are not used: one of the two is missing"],
    }),
  );
  expect(findings).toMatchObject([
    { health: "problem", found: "state.json cannot be used: it is empty" },
    { health: "warning", found: expect.stringMatching(/cert\.pem and key\.pem/) },
  ]);
});

test("a directory that a restart of the host empties is a warning", async () => {
  const findings = await check(
    await useDirectory(),
    stored(),
    "it is emptied when this host restarts",
  );
  expect(findings).toMatchObject([{ health: "warning" }]);
});

test("a path that is no directory, or leads nowhere, is told and not thrown", async () => {
  const directory = await useDirectory();
  const loop = join(directory, "loop");
  await symlink(loop, loop);
  const findings = await check(join(loop, "prod"));
  expect(findings).toMatchObject([{ health: "problem" }]);
  expect(findings[0]?.found).toMatch(/cannot be entered/);
});
