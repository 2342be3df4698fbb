// Sets the password of a cluster whose credentials file was lost, in PostgreSQL's single-user mode: nothing listens.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { AppError } from "@truechimer/base";
import { identity } from "./account.ts";
import { DATABASE_USER } from "./credentials.ts";
import type { Place } from "./place.ts";
import { programEnvironment } from "./program-environment.ts";

/** `password` holds letters, digits, "-" and "_" alone, as createCredentials makes it. */
export async function setPassword(place: Place, password: string): Promise<void> {
  const child = spawn(
    join(place.binDir, "postgres"),
    ["--single", "-D", place.dataDir, "-c", "exit_on_error=on", "postgres"],
    {
      cwd: "/",
      env: programEnvironment(),
      stdio: ["pipe", "ignore", "ignore"],
      ...identity(place.account),
    },
  );
  child.stdin.end(`alter role ${DATABASE_USER} password '${password}'\n`);
  const [code] = (await once(child, "exit")) as [number | null];
  if (code === 0) return;
  throw new AppError(
    "database_start_failed",
    `the password of the database in ${place.dataDir} could not be set (exit ${code}): restore credentials.json from a backup`,
  );
}
