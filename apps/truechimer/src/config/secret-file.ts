// Files that hold one secret each: only their owner may read them.

import { chmod, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { AppError } from "@truechimer/base";

/** A key or an address with a password fits well. */
const SECRET_BYTES_MAX = 8_192;
const OTHERS_BITS = 0o077;

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

/** A new file that only its owner can read; whole and on the disk, or not there. */
export async function createSecretFile(file: string, secret: string): Promise<void> {
  const draft = `${file}.new`;
  try {
    await rm(draft, { force: true });
    await writeFile(draft, `${secret}\n`, { mode: 0o600, flag: "wx", flush: true });
    await rename(draft, file);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** A new file, or a new content of one that nobody else can read. */
export async function writeSecretFile(file: string, secret: string): Promise<void> {
  try {
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    await chmod(file, 0o600);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

function unwritable(file: string, cause: unknown): AppError {
  return new AppError(
    "directory_unwritable",
    `${file} cannot be written: check that its directory exists and that this account may write there`,
    { cause },
  );
}
