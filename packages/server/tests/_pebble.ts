// Pebble, Let's Encrypt's ACME server for tests, as Debian packages it, with its companion for the DNS: on ports of its own,
// and ended by process id. Every name leads to 127.0.0.1 but those that a test sends elsewhere.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { IssuedKeyPair } from "../src/ca/certificate-authority.ts";

const REMEDY = "pebble is not installed: install Debian's package pebble";

/** Missing, it is said on standard error, so that a skipped test is seen; with `CI=true` it throws. */
export async function pebbleAvailable(): Promise<boolean> {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const found = await Promise.all(
    directories.map((directory) =>
      access(join(directory, "pebble"), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (found.includes(true)) return true;
  if (process.env["CI"] === "true") throw new Error(REMEDY);
  process.stderr.write(`SKIPPED: ${REMEDY}\n`);
  return false;
}

export interface PebbleOptions {
  /** Its own certificate, for 127.0.0.1. */
  readonly pair: IssuedKeyPair;
  /** PEM: where that leads to. */
  readonly rootPem: string;
  /** Which names it certifies never. */
  readonly refusedNames?: readonly string[];
  /** Accounts kept elsewhere, base64url of the HMAC key by key identifier; then it takes nobody else. */
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** True: no nonce is refused, so that each request is sent once. */
  readonly takesEveryNonce?: boolean;
}

export interface Pebble extends AsyncDisposable {
  /** Address of its directory. */
  readonly directoryUrl: string;
  /** The port that it asks by HTTP-01, instead of 80; nothing listens there. */
  readonly challengePort: number;
  /** PEM: the root that the certificates that it issues lead to. */
  readonly issuingRootPem: string;
  /** Sends a name to another address. */
  point(name: string, address: string): Promise<void>;
}

const CERTIFICATE_SECONDS = 90 * 86_400;

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const { pair, rootPem, refusedNames = [], externalAccounts } = options;
  const directory = await mkdtemp(join(tmpdir(), "truechimer-pebble-"));
  const [port, management, challengePort, tlsPort, dns, names] = await freePorts(6);
  const file = (name: string): string => join(directory, name);
  await writeFile(file("cert.pem"), pair.certificatePem);
  await writeFile(file("key.pem"), pair.keyPem, { mode: 0o600 });
  const configuration = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: file("cert.pem"),
      privateKey: file("key.pem"),
      httpPort: challengePort,
      tlsPort,
      ocspResponderURL: "",
      externalAccountBindingRequired: externalAccounts !== undefined,
      externalAccountMACKeys: externalAccounts ?? {},
      domainBlocklist: refusedNames,
      certificateValidityPeriod: CERTIFICATE_SECONDS,
    },
  };
  await writeFile(file("pebble.json"), JSON.stringify(configuration));
  const resolver = await started(
    "pebble-challtestsrv",
    [`-dns01=127.0.0.1:${dns}`, "-http01=", "-https01=", "-tlsalpn01=", "-defaultIPv6="].concat(
      `-management=127.0.0.1:${names}`,
    ),
    /Starting management server/,
  );
  const authority = await started(
    "pebble",
    ["-config", file("pebble.json"), "-dnsserver", `127.0.0.1:${dns}`],
    /ACME directory available/,
    options.takesEveryNonce === true ? { PEBBLE_WFE_NONCEREJECT: "0" } : {},
  );
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    challengePort: challengePort ?? 0,
    issuingRootPem: await textAt(`https://127.0.0.1:${management}/roots/0`, rootPem),
    point: async (name, address) => {
      const response = await fetch(`http://127.0.0.1:${names}/add-a`, {
        method: "POST",
        body: JSON.stringify({ host: `${name}.`, addresses: [address] }),
      });
      await response.text();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([ended(authority), ended(resolver)]);
      await rm(directory, { recursive: true });
    },
  };
}

/** Without its pauses between proofs, and with every order proved anew; a twentieth of the nonces is refused, unless told otherwise. */
const ENVIRONMENT = { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0" };

async function started(
  program: string,
  words: readonly string[],
  ready: RegExp,
  variables: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const child = spawn(program, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...ENVIRONMENT, ...variables },
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  let said = "";
  const note = (line: string): void => {
    said += `${line}\n`;
  };
  createInterface({ input: child.stderr }).on("line", note);
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      note(line);
      if (ready.test(line)) resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program} ended: ${said}`)));
  });
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, "close");
      return typeof address === "object" && address !== null ? address.port : 0;
    }),
  );
}

async function textAt(url: string, rootPem: string): Promise<string> {
  const request = httpsRequest(url, { ca: rootPem, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
  let text = "";
  for await (const part of response) text += part.toString();
  return text;
}
