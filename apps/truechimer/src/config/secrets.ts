// Secrets, apart from the configuration: read from files that only their owner can read. Never logged, never printed.

import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { AppError } from "@truechimer/base";
import type { Config } from "./config.ts";

export interface MonitorSecret {
  readonly address: string;
  readonly bindAddress: string | undefined;
  readonly token: string;
}

export interface Secrets {
  /** Absent: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly adminKey: string | undefined;
  readonly monitors: readonly MonitorSecret[];
}

/** A key or an address with a password fits well. */
const SECRET_BYTES_MAX = 8_192;
const OTHERS_BITS = 0o077;

/** `databaseUrl` is DATABASE_URL of the environment; it wins over the file that the configuration names. */
export async function readSecrets(
  config: Config,
  databaseUrl: string | undefined,
): Promise<Secrets> {
  return {
    databaseUrl:
      databaseUrl ?? (await optionalSecret("database.url_file", config.database.urlFile)),
    adminKey: await optionalSecret("admin.key_file", config.admin.keyFile),
    monitors: await Promise.all(
      config.agent.monitors.map(async ({ address, bindAddress, tokenFile }) => ({
        address,
        bindAddress,
        token: await readSecretFile("agent.monitors.token_file", tokenFile),
      })),
    ),
  };
}

async function optionalSecret(key: string, file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readSecretFile(key, file);
}

/** The file's content without surrounding blanks. Refused when others than its owner may read it. */
export async function readSecretFile(key: string, file: string): Promise<string> {
  const content = await contentOf(key, file);
  if (content.trim() === "") {
    throw new AppError("config_bad_value", `${key}: ${file} is empty: expected one secret in it`);
  }
  return content.trim();
}

async function contentOf(key: string, file: string): Promise<string> {
  let mode: number;
  let bytes: Buffer;
  try {
    mode = (await stat(file)).mode;
    bytes = await readFile(file);
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `${key}: ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
  if (process.platform !== "win32" && (mode & OTHERS_BITS) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, "0");
    throw new AppError(
      "config_bad_value",
      `${key}: ${file} has mode ${octal}, so others may read the secret: run chmod 600 '${file}'`,
    );
  }
  if (bytes.length > SECRET_BYTES_MAX) {
    throw new AppError(
      "config_bad_value",
      `${key}: ${file} has ${bytes.length} bytes, a secret at most ${SECRET_BYTES_MAX}: is it the right file?`,
    );
  }
  return bytes.toString("utf8");
}

/** A new file, or a new content of one that nobody else can read. */
export async function writeSecretFile(file: string, secret: string): Promise<void> {
  try {
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  } catch (cause) {
    throw new AppError(
      "directory_unwritable",
      `${file} cannot be written: check that its directory exists and that this account may write there`,
      { cause },
    );
  }
}
