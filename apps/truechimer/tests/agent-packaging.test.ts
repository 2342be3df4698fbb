// What goes along with the agent's bundle: the settings that the program reads, and the unit that systemd reads.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { loadAgentSettings } from "../src/agent/agent-settings.ts";

const PACKAGING = fileURLToPath(new URL("../packaging/", import.meta.url));
const UNIT = join(PACKAGING, "truechimer-agent@.service");
const run = promisify(execFile);

test("the shipped settings are read, and mean what they say", async () => {
  const text = await readFile(join(PACKAGING, "truechimer-agent.default"), "utf8");
  const directory = await mkdtemp(join(tmpdir(), "truechimer-packaging-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "defaults");
  // With every setting that is commented out as well.
  await writeFile(file, text.replaceAll(/^#(?=[A-Z_]+=)/gm, ""));
  const settings = await loadAgentSettings({}, { env: { TRUECHIMER_AGENT_DEFAULTS: file } });
  expect(settings).toMatchObject({
    stateDirectory: "/var/lib/truechimer-agent",
    hosts: { serverUrl: "https://time.example.net" },
    logLevel: "info",
    metricsListen: { host: "127.0.0.1", port: 9182 },
  });
});

test("the unit and the account use one directory and one name", async () => {
  const unit = await readFile(UNIT, "utf8");
  const account = await readFile(join(PACKAGING, "truechimer-agent.sysusers"), "utf8");
  expect(unit).toMatch(/^User=truechimer-agent$/m);
  expect(unit).toMatch(/^StateDirectory=truechimer-agent$/m);
  expect(account).toMatch(/^u truechimer-agent .* \/var\/lib\/truechimer-agent$/m);
});

const hasSystemd = await systemdAvailable();

/** Missing, it says so; under CI the test runs and fails, so that none is skipped there. */
async function systemdAvailable(): Promise<boolean> {
  try {
    await run("systemd-analyze", ["--version"]);
    return true;
  } catch {
    process.stderr.write(
      "SKIPPED: systemd-analyze is not installed: install Debian's package systemd\n",
    );
    return process.env["CI"] === "true";
  }
}

test.runIf(hasSystemd)("systemd takes the unit as it is, and finds it well hardened", async () => {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-unit-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const program = join(directory, "truechimer-agent");
  await mkdir(directory, { recursive: true });
  await writeFile(program, "#!/bin/sh\n", { mode: 0o755 });
  const unit = join(directory, "truechimer-agent@.service");
  const text = await readFile(UNIT, "utf8");
  // Only where the program lies is another place here; the account is not made on this host.
  await writeFile(unit, text.replaceAll("/opt/truechimer-agent/", `${directory}/`));
  const verified = await run("systemd-analyze", ["verify", "--man=no", unit]);
  expect(verified.stderr).not.toMatch(/truechimer-agent@.*(Unknown|Invalid|Failed|not executable)/);
  const { stdout } = await run("systemd-analyze", [
    "security",
    "--offline=true",
    "--threshold=20",
    unit,
  ]);
  expect(stdout).toMatch(/Overall exposure level .*: 1\.\d OK/);
});
