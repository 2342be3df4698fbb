// Debian's chronyd as a real time server for tests and benchmarks. It serves this host's own clock on a port of its
// own, never touches the clock (-x), has no command socket, and is ended by its process id.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { networkInterfaces, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { AppError, type IpAddress, parseIpAddress } from "@truechimer/base";
import { installedProgram } from "@truechimer/testing-programs";
import { answersTime, freePort } from "./ask-time.ts";

/** How the server presents itself, and where. */
export interface ChronyServerOptions {
  /** Where to listen. Default: 127.0.0.1 and, where the host has it, ::1. */
  readonly addresses?: readonly string[];
  /** What it says of itself. Default: 3. */
  readonly stratum?: number;
  /** Name of a network namespace to run in (`ip netns`); needs root, and `addresses` and `port`. */
  readonly networkNamespace?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More lines as of chrony.conf. */
  readonly directives?: readonly string[];
}

/** A running chronyd. Disposing ends it and removes its directory. */
export interface ChronyServer extends AsyncDisposable {
  /** The first of `addresses`. */
  readonly address: IpAddress;
  readonly addresses: readonly IpAddress[];
  readonly port: number;
  readonly pid: number;
}

const START_ATTEMPTS_MAX = 3;
const START_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 100;
/** chronyd ends by itself after this time, should its owner be killed. */
const LIFETIME_S = 7_200;
const LOG_BYTES_MAX = 16_384;

/** Resolves when it answers. Rejects with AppError `peer_unreachable` and what chronyd said when it does not. */
export async function startChronyServer(options: ChronyServerOptions = {}): Promise<ChronyServer> {
  const addresses = (options.addresses ?? loopbackAddresses()).map(knownAddress);
  let failure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS_MAX; attempt += 1) {
    try {
      return await startOn(addresses, options.port ?? (await freePort(addresses)), options);
    } catch (error) {
      failure = error; // A port that was free a moment ago may be taken by now.
    }
  }
  throw failure;
}

async function startOn(
  addresses: readonly IpAddress[],
  port: number,
  options: ChronyServerOptions,
): Promise<ChronyServer> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-chrony-"));
  const run = new ChronyRun(commandLine({ addresses, port, directory, options }), directory);
  const [address] = addresses;
  try {
    if (address === undefined || run.child.pid === undefined) throw run.failed("could not start");
    await run.untilAnswering(address, port);
    return {
      address,
      addresses,
      port,
      pid: run.child.pid,
      [Symbol.asyncDispose]: () => run.stop(),
    };
  } catch (error) {
    await run.stop();
    throw error;
  }
}

class ChronyRun {
  readonly child: ChildProcess;
  readonly #directory: string;
  readonly #kill = (): void => {
    this.child.kill("SIGKILL");
  };
  readonly #ended: Promise<unknown>;
  #log = "";

  constructor([program, ...parameters]: readonly [string, ...string[]], directory: string) {
    this.#directory = directory;
    this.child = spawn(program, parameters, { stdio: ["ignore", "pipe", "pipe"] });
    process.on("exit", this.#kill);
    this.#ended = Promise.race([once(this.child, "exit"), once(this.child, "error")]).catch(
      () => undefined,
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#log = (this.#log + chunk.toString()).slice(-LOG_BYTES_MAX);
      });
    }
  }

  async untilAnswering(address: IpAddress, port: number): Promise<void> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      if (this.child.exitCode !== null) throw this.failed("ended at once");
      if (await answersTime(address, port, ANSWER_TIMEOUT_MS)) return;
    }
    throw this.failed(`did not answer on ${address.text} port ${port}`);
  }

  failed(what: string): AppError {
    return new AppError("peer_unreachable", `chronyd ${what}; it said:\n${this.#log}`);
  }

  async stop(): Promise<void> {
    const { child } = this;
    process.off("exit", this.#kill);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await this.#ended;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface CommandLineParts {
  readonly addresses: readonly IpAddress[];
  readonly port: number;
  readonly directory: string;
  readonly options: ChronyServerOptions;
}

function commandLine({
  addresses,
  port,
  directory,
  options,
}: CommandLineParts): [string, ...string[]] {
  const isRoot = process.getuid?.() === 0;
  const account = isRoot ? ["-u", "root"] : ["-U", "-u", userInfo().username];
  const directives = [
    `port ${port}`,
    ...addresses.map(({ text }) => `bindaddress ${text}`),
    "allow",
    `local stratum ${options.stratum ?? 3}`,
    "cmdport 0",
    "bindcmdaddress /",
    `pidfile ${join(directory, "chronyd.pid")}`,
    ...(options.directives ?? []),
  ];
  const chronyd = [installedProgram("chronyd"), "-x", "-d", "-t", String(LIFETIME_S), ...account];
  const inNamespace =
    options.networkNamespace === undefined
      ? []
      : [installedProgram("ip"), "netns", "exec", options.networkNamespace];
  return [...inNamespace, ...chronyd, ...directives] as unknown as [string, ...string[]];
}

function loopbackAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some(({ address }) => address === "::1") ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
}

function knownAddress(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new AppError("bad_address", parsed.error);
  return parsed.value;
}
