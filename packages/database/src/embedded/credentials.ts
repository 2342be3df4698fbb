// What must be known to reach a cluster again: the password that was made for it, and the port that it had last. In a
// file that only its owner can read.

import { existsSync, readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Random } from "@truechimer/base";
import { appErrorFromFile } from "./file-error.ts";

/** What the file holds. `password` is a secret. */
export interface Credentials {
  readonly password: string;
  /** The port of the last run. 0: none yet. */
  readonly port: number;
}

/** The cluster's one role, and its owner. */
export const DATABASE_USER = "truechimer";
/** The one database that the product uses in its own cluster. */
export const DATABASE_NAME = "truechimer";

const PASSWORD_BYTES = 24;

/** A password of 24 random bytes, and no port yet. */
export function createCredentials(random: Random): Credentials {
  return { password: Buffer.from(random.bytes(PASSWORD_BYTES)).toString("base64url"), port: 0 };
}

/** Undefined: there are none. Fails when the file does not hold what we write. */
export function readCredentials(directory: string): Credentials | undefined {
  const path = credentialsFile(directory);
  if (!existsSync(path)) return undefined;
  try {
    const { password, port } = JSON.parse(readFileSync(path, "utf8")) as Partial<Credentials>;
    if (typeof password === "string" && typeof port === "number") return { password, port };
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path);
}

/** Durable and whole: a new file takes the old one's place. */
export async function writeCredentials(directory: string, credentials: Credentials): Promise<void> {
  const path = credentialsFile(directory);
  const partial = `${path}.new`;
  try {
    const file = await open(partial, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(credentials));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    throw appErrorFromFile(error, directory);
  }
}

/** A loopback address with everything that a client needs. Holds the password: not for logs. */
export function databaseUrl(credentials: Credentials): string {
  return `postgres://${DATABASE_USER}:${credentials.password}@127.0.0.1:${credentials.port}/${DATABASE_NAME}`;
}

function credentialsFile(directory: string): string {
  return join(directory, "credentials.json");
}

function unreadable(path: string, cause?: unknown): AppError {
  return new AppError(
    "database_start_failed",
    `${path} does not hold the database's password: remove it, and a new password is set at the next start`,
    { cause },
  );
}
