// A control plane in this process, with an API key in a directory of its own: what the tests of commands talk to.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { createServer, createToken, type Server, type ServerOptions } from "@truechimer/server";
import { afterAll } from "vitest";

export interface ControlPlane {
  readonly server: Server;
  /** The test file's own. */
  readonly directory: string;
  /** What a command is told to reach it. */
  readonly connection: readonly string[];
  /** The same by another way: through a proxy. */
  readonly connectionTo: (url: string) => readonly string[];
}

/** For all tests of a file: ended after the last one. */
export async function useControlPlane(
  database: Database,
  options: Partial<ServerOptions> = {},
): Promise<ControlPlane> {
  const adminKey = createToken("tca_", systemRandom);
  const directory = await mkdtemp(join(tmpdir(), "truechimer-command-"));
  const keyFile = join(directory, "admin.key");
  await writeFile(keyFile, adminKey, { mode: 0o600 });
  const server = await createServer({
    database,
    clock: systemClock,
    random: systemRandom,
    version: "0.0.0-test",
    listen: { host: "127.0.0.1", port: 0 },
    adminKeys: [adminKey],
    roles: ["api"],
    ...options,
  });
  await server.start();
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });
  const connectionTo = (url: string): readonly string[] => ["--url", url, "--key-file", keyFile];
  return { server, directory, connection: connectionTo(server.url), connectionTo };
}
