// Other people's clients, to see that they accept a server of ours: chronyd once over (-Q), and NTPsec's ntpdig. Neither
// touches the clock.

import { execFile } from "node:child_process";
import type { IpAddress } from "@truechimer/base";
import { installedProgram } from "@truechimer/testing-programs";
import { createRelay } from "./port-relay.ts";

/** The server to ask. */
export interface TimeServerAddress {
  readonly address: IpAddress;
  readonly port: number;
  /** Default: 5,000. */
  readonly timeoutMs?: number;
}

/** What a client made of the server. */
export interface ClientFinding {
  /** The server's clock minus this host's. Absent: the client did not accept the server. */
  readonly offsetNs: bigint | undefined;
  /** What the client printed. */
  readonly output: string;
}

const TIMEOUT_MS_DEFAULT = 5_000;
/** What a program gets beyond the time that it was told. */
const GRACE_MS = 5_000;
const NS_PER_S = 1e9;
const NTP_PORT = 123;

/** One measurement by chronyd (to the microsecond, which is what it prints). */
export async function queryWithChronyd(server: TimeServerAddress): Promise<ClientFinding> {
  const { address, port, timeoutMs = TIMEOUT_MS_DEFAULT } = server;
  const seconds = Math.ceil(timeoutMs / 1_000);
  const output = await run(timeoutMs, "chronyd", [
    "-Q",
    "-t",
    String(seconds),
    ...(process.getuid?.() === 0 ? [] : ["-U"]),
    `server ${address.text} port ${port} iburst maxsamples 1`,
  ]);
  const found = /System clock wrong by (-?[0-9.]+) seconds/.exec(output)?.[1];
  return { offsetNs: nanoseconds(found), output };
}

/**
 * One measurement by ntpdig, which knows no port but 123: for a server elsewhere a relay stands on a loopback address,
 * which needs the right to bind that port. Rejects with AppError `port_in_use` or `forbidden` when that is not possible.
 */
export async function queryWithNtpdig(server: TimeServerAddress): Promise<ClientFinding> {
  const { address, port, timeoutMs = TIMEOUT_MS_DEFAULT } = server;
  await using relay = port === NTP_PORT ? undefined : await createRelay(address, port, NTP_PORT);
  const seconds = Math.ceil(timeoutMs / 1_000);
  const target = relay?.address.text ?? address.text;
  const output = await run(timeoutMs, "ntpdig", ["-j", "-t", String(seconds), target]);
  const found = /"offset":\s*(-?[0-9.e+-]+)/.exec(output)?.[1];
  return { offsetNs: nanoseconds(found), output };
}

/** What it printed on both streams, whatever its exit code. */
function run(timeoutMs: number, name: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs + GRACE_MS, encoding: "utf8" as const };
    execFile(installedProgram(name), [...parameters], options, (_error, output, errors) => {
      resolve(output + errors);
    });
  });
}

function nanoseconds(seconds: string | undefined): bigint | undefined {
  const value = Number(seconds ?? Number.NaN);
  return Number.isFinite(value) ? BigInt(Math.round(value * NS_PER_S)) : undefined;
}
