import type { Clock } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import { expect, test } from "vitest";
import { addConfiguredServers, type ConfiguredServersOptions } from "./configured-servers.ts";

/** Names have an address, or do not have one yet. */
function nameService(addresses: Map<string, string>): ConfiguredServersOptions["addServers"] {
  return async (targets) => ({
    existing: [],
    added: targets.flatMap((name) => {
      const address = addresses.get(name);
      return address === undefined ? [] : [{ name, address, port: 123 }];
    }),
    refused: targets
      .filter((name) => !addresses.has(name))
      .map((target) => ({
        target,
        code: target.startsWith("224.") ? "address_refused" : "name_unresolved",
        message: `"${target}" has no address`,
      })),
  });
}

class ManualTimers implements Clock {
  readonly delaysMs: number[] = [];
  waiting: (() => void) | undefined;
  nowNs = (): bigint => 0n;
  monotonicNs = (): bigint => 0n;
  setTimer(delayMs: number, callback: () => void): () => void {
    this.delaysMs.push(delayMs);
    this.waiting = callback;
    return () => {
      this.waiting = undefined;
    };
  }
  /** The timer that is set ends; resolves when what it leads to has been done. */
  async ring(): Promise<void> {
    const callback = this.waiting;
    this.waiting = undefined;
    callback?.();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
}

interface Situation {
  readonly options: ConfiguredServersOptions;
  readonly timers: ManualTimers;
  readonly said: string[];
}

function situation(addresses: Map<string, string>, targets: readonly string[]): Situation {
  const timers = new ManualTimers();
  const said: string[] = [];
  const options: ConfiguredServersOptions = {
    targets,
    addServers: nameService(addresses),
    progress: { say: (_subject, text) => void said.push(text), show: () => undefined },
    logger: silentLogger,
    clock: timers,
  };
  return { options, timers, said };
}

test("a name that gets an address later is watched from then on", async () => {
  const addresses = new Map([["one.example", "192.0.2.1"]]);
  const { options, timers, said } = situation(addresses, ["one.example", "two.example"]);
  await using stack = new AsyncDisposableStack();
  expect(await addConfiguredServers(stack, options)).toBe(1);
  expect(said.at(-1)).toContain("two.example is not watched");
  await timers.ring();
  expect(said.join("\n")).not.toContain("watching two.example");
  addresses.set("two.example", "192.0.2.2");
  await timers.ring();
  expect(said.at(-1)).toContain("watching two.example");
  expect(timers.waiting).toBeUndefined();
});

test("it is asked for ever more seldom, and no more once we stop", async () => {
  const { options, timers } = situation(new Map(), ["one.example"]);
  {
    await using stack = new AsyncDisposableStack();
    expect(await addConfiguredServers(stack, options)).toBe(0);
    for (let round = 0; round < 8; round += 1) await timers.ring();
    expect(timers.delaysMs.slice(0, 3)).toEqual([5_000, 10_000, 20_000]);
    expect(timers.delaysMs.at(-1)).toBe(300_000);
  }
  expect(timers.waiting).toBeUndefined();
});

test("a control plane that does not answer is asked again", async () => {
  const { options, timers, said } = situation(new Map(), ["one.example"]);
  let failures = 0;
  await using stack = new AsyncDisposableStack();
  await addConfiguredServers(stack, {
    ...options,
    addServers: async (targets) => {
      failures += 1;
      if (failures === 2) throw new Error("away");
      return nameService(new Map(failures > 2 ? [["one.example", "192.0.2.1"]] : []))(targets);
    },
  });
  await timers.ring();
  await timers.ring();
  expect(said.at(-1)).toContain("watching one.example");
});

test("an address that no server can have is not asked for again", async () => {
  const { options, timers } = situation(new Map(), ["224.0.0.1"]);
  await using stack = new AsyncDisposableStack();
  expect(await addConfiguredServers(stack, options)).toBe(0);
  expect(timers.waiting).toBeUndefined();
});
