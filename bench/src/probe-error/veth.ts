// A second host within this one: a network namespace of our own, joined by a veth pair, so that packets take a real
// device's path. Needs root. Everything is removed again, also after a signal.

import { execFileSync } from "node:child_process";
import { installedProgram } from "@truechimer/testing-programs";

export interface Veth extends Disposable {
  readonly namespace: string;
  /** Addresses on the far side, as many as were asked for. */
  readonly addresses: readonly string[];
}

/** Addresses of RFC 2544 for benchmarks; no real network has them. */
const NEAR_ADDRESS = "198.18.77.254/24";
const FAR_PREFIX = "198.18.77.";
const FAR_ADDRESSES_MAX = 250;

/** Why there can be no veth pair here. Absent: there can. */
export function vethProblem(): string | undefined {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  if (process.getuid?.() !== 0) return "a network namespace needs root";
  try {
    using veth = createVeth(1);
    return veth.addresses.length === 1 ? undefined : "the namespace has no address";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

let created = 0;

export function createVeth(addressCount: number): Veth {
  created += 1;
  const namespace = `truechimer-${process.pid}-${created}`;
  // Interface names have 15 characters at most.
  const near = `tc${process.pid}n${created}`;
  const far = `tc${process.pid}f${created}`;
  const addresses = Array.from(
    { length: Math.min(addressCount, FAR_ADDRESSES_MAX) },
    (_, index) => `${FAR_PREFIX}${index + 1}`,
  );
  ip(["netns", "add", namespace]);
  const remove = (): void => {
    process.off("exit", remove);
    try {
      // The namespace's end would remove the pair too, but some time later.
      ip(["link", "delete", near]);
    } finally {
      ip(["netns", "delete", namespace]);
    }
  };
  process.on("exit", remove);
  try {
    ip(["link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace]);
    ip(["address", "add", NEAR_ADDRESS, "dev", near]);
    ip(["link", "set", near, "up"]);
    ip(["-n", namespace, "link", "set", "lo", "up"]);
    ip(["-n", namespace, "link", "set", far, "up"]);
    for (const address of addresses) {
      ip(["-n", namespace, "address", "add", `${address}/24`, "dev", far]);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return { namespace, addresses, [Symbol.dispose]: remove };
}

function ip(parameters: readonly string[]): void {
  execFileSync(installedProgram("ip"), [...parameters], { stdio: ["ignore", "ignore", "pipe"] });
}
