// A real S3 server for tests, which checks signatures, keeps objects in a directory, and can be killed and started again.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { S3Settings } from "../src/archive/parquet/s3-store.ts";

const PROGRAM: string = fileURLToPath(new URL("_s3-program.ts", import.meta.url));

/** It wraps the token of the next page of a list in one. */
const LEGACY_CIPHERS = "--openssl-legacy-provider";

export interface S3Server extends AsyncDisposable {
  /** For an account that may do everything in `bucket`. */
  readonly settings: S3Settings;
  /** Where its objects lie: in a folder for each bucket, each beside its facts. */
  readonly directory: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Again, on the same port. */
  restart(): Promise<void>;
}

/** With one bucket, `clocks`. */
export async function startS3Server(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-s3-"));
  let run = await startRun(directory, "0");
  const { port } = run;
  const kill = (): Promise<void> => end(run.child);
  return {
    settings: {
      endpoint: `http://127.0.0.1:${port}`,
      bucket: "clocks",
      prefix: "ours/",
      accessKeyId: "S3RVER",
      secretAccessKey: "S3RVER",
    },
    directory,
    kill,
    restart: async () => {
      run = await startRun(directory, port);
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startRun(
  directory: string,
  port: string,
): Promise<{ readonly child: ChildProcess; readonly port: string }> {
  const child = spawn(process.execPath, [LEGACY_CIPHERS, PROGRAM, directory, port, "clocks"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [said] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(() => [""]),
  ])) as [string];
  if (said === "") throw new Error("the S3 server ended before it listened");
  return { child, port: said };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}
