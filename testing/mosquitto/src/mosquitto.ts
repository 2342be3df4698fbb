// Debian's Mosquitto as a real broker for tests: on a port of its own, with TLS by a certificate authority of the test,
// and ended by its process id. It has nothing to do with the service that the package starts on port 1883.

import { type ChildProcess, spawn } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "@truechimer/base";
import { mosquittoProgram } from "./mosquitto-available.ts";
import { createTestCertificates, type TestCertificates } from "./test-authority.ts";

export interface MosquittoOptions {
  /** Accounts by name. Default: anybody is let in, whatever the name and password. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines of an access list, such as "pattern write /prod/monitors/status/%u/+". Default: everything is allowed. */
  readonly accessList?: readonly string[];
  /** Default: TLS. */
  readonly plain?: boolean;
}

/** A running broker. Disposing ends it and removes its directory. */
export interface Mosquitto extends AsyncDisposable {
  /** "mqtts://127.0.0.1:port". */
  readonly url: string;
  readonly port: number;
  /** PEM of the root that its certificate leads to. */
  readonly rootPem: string;
  readonly pid: number;
  /** Replaces the accounts, as an administrator would. */
  setUsers(users: Readonly<Record<string, string>>): Promise<void>;
  /** Ends it as a power cut would: nothing is said to anybody. */
  kill(): Promise<void>;
  /** Starts it again, on the same port, with nothing retained. */
  restart(): Promise<void>;
}

const START_ATTEMPTS_MAX = 3;
const START_TIMEOUT_MS = 10_000;
const POLL_MS = 10;
const LOG_BYTES_MAX = 16_384;
/** Mosquitto's own figures for a password of the form $7$. */
const PASSWORD_ITERATIONS = 101;
const PASSWORD_BYTES = 64;
const SALT_BYTES = 12;

/** Resolves when it accepts connections. Rejects with `peer_unreachable` and what the broker said when it does not. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const certificates = createTestCertificates();
  let failure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS_MAX; attempt += 1) {
    const directory = await mkdtemp(join(tmpdir(), "truechimer-mosquitto-"));
    try {
      return await startIn(directory, { options, certificates, port: await freePort() });
    } catch (error) {
      failure = error; // A port that was free a moment ago may be taken by now.
      await rm(directory, { recursive: true, force: true });
    }
  }
  throw failure;
}

interface StartParts {
  readonly options: MosquittoOptions;
  readonly certificates: TestCertificates;
  readonly port: number;
}

async function startIn(directory: string, parts: StartParts): Promise<Mosquitto> {
  const { options, certificates, port } = parts;
  await writeFiles(directory, parts);
  let run = await startRun(directory, port);
  const { plain = false } = options;
  return {
    url: `${plain ? "mqtt" : "mqtts"}://127.0.0.1:${port}`,
    port,
    rootPem: certificates.rootPem,
    get pid() {
      return run.pid;
    },
    setUsers: async (users) => {
      await writeFile(join(directory, "users"), passwordFile(users), { mode: 0o600 });
      run.child.kill("SIGHUP");
      await run.said("Reloading config");
    },
    kill: () => run.end("SIGKILL"),
    restart: async () => {
      run = await startRun(directory, port);
    },
    [Symbol.asyncDispose]: async () => {
      await run.end("SIGTERM");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Run {
  readonly child: ChildProcess;
  readonly pid: number;
  said(text: string): Promise<void>;
  end(signal: NodeJS.Signals): Promise<void>;
}

async function startRun(directory: string, port: number): Promise<Run> {
  const child = spawn(mosquittoProgram(), ["-c", join(directory, "mosquitto.conf")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_BYTES_MAX);
    });
  }
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  const ended = Promise.race([once(child, "exit"), once(child, "error")]).catch(() => undefined);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  const until = async (reached: () => Promise<boolean>, what: string): Promise<void> => {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs && child.exitCode === null) {
      if (await reached()) return;
      await delay(POLL_MS);
    }
    throw new AppError("peer_unreachable", `mosquitto ${what}; it said:\n${log}`);
  };
  try {
    await until(() => accepts(port), `did not listen on port ${port}`);
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return {
    child,
    pid: child.pid ?? 0,
    said: (text) => until(async () => log.includes(text), `did not say "${text}"`),
    end,
  };
}

async function writeFiles(
  directory: string,
  { options, certificates, port }: StartParts,
): Promise<void> {
  const { users, accessList, plain = false } = options;
  const file = (name: string): string => join(directory, name);
  const lines = [
    `listener ${port} 127.0.0.1`,
    "persistence false",
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
    "log_type information",
    // As root it would change to an account that cannot read these files.
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    ...(plain ? [] : [`certfile ${file("cert.pem")}`, `keyfile ${file("key.pem")}`]),
    ...(users === undefined
      ? ["allow_anonymous true"]
      : ["allow_anonymous false", `password_file ${file("users")}`]),
    ...(accessList === undefined ? [] : [`acl_file ${file("access")}`]),
  ];
  const write = (name: string, text: string): Promise<void> =>
    writeFile(file(name), text, { mode: 0o600 });
  await write("mosquitto.conf", `${lines.join("\n")}\n`);
  await write("cert.pem", certificates.certificatePem);
  await write("key.pem", certificates.keyPem);
  await write("users", passwordFile(users ?? {}));
  await write("access", `${(accessList ?? []).join("\n")}\n`);
}

/** As mosquitto_passwd writes it: PBKDF2 with SHA-512. */
function passwordFile(users: Readonly<Record<string, string>>): string {
  const lines = Object.entries(users).map(([name, password]) => {
    const salt = randomBytes(SALT_BYTES);
    const hash = pbkdf2Sync(password, salt, PASSWORD_ITERATIONS, PASSWORD_BYTES, "sha512");
    return `${name}:$7$${PASSWORD_ITERATIONS}$${salt.toString("base64")}$${hash.toString("base64")}`;
  });
  return `${lines.join("\n")}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
