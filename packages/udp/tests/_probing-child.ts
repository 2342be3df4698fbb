// A program that probes 127.0.0.1 port argv[3], in the way that argv[2] names.

import { readdirSync } from "node:fs";
import { parseIpAddress, systemClock, systemRandom } from "@truechimer/base";
import { createProbeSocket, type ProbeSocket } from "@truechimer/udp";

const CYCLES = 8;
const TIMEOUT_MS = 30_000;

const [way, port] = process.argv.slice(2);

function open(): Promise<ProbeSocket> {
  return createProbeSocket({
    clock: systemClock,
    random: systemRandom,
    onFallback: ({ code, message }) => print({ code, message }),
  });
}

async function ask(probe: ProbeSocket): Promise<void> {
  const address = parseIpAddress("127.0.0.1");
  if (!address.ok) throw new Error(address.error);
  const request = { address: address.value, port: Number(port), timeoutMs: TIMEOUT_MS };
  const { reason, exchange } = await probe.exchange(request);
  print({ reason, stamps: exchange.t1?.source });
}

async function cycle(): Promise<void> {
  await using probe = await open();
  await ask(probe);
}

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

switch (way) {
  case "forget-to-close":
    await ask(await open());
    break;
  case "exit-while-waiting": {
    const probe = await open();
    void ask(probe);
    setTimeout(() => process.exit(7), 300);
    break;
  }
  case "open-and-close": {
    await cycle();
    const before = openFiles();
    for (let i = 0; i < CYCLES; i += 1) await cycle();
    print({ leaked: openFiles() - before });
    break;
  }
  default:
    throw new Error(`there is no way "${way ?? ""}"`);
}
