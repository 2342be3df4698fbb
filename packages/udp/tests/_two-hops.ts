// A path of two hops within this host: a router and a server, each in a network namespace of its own, joined by veth
// pairs. Needs root. Addresses of RFC 2544 and RFC 5180, for benchmarks, which no real network has.

import { execFileSync } from "node:child_process";
import { type IpAddress, parseIpAddress } from "@truechimer/base";
import { installedProgram } from "@truechimer/testing-programs";

export interface TwoHops extends Disposable {
  /** Where the server's programs run. */
  readonly serverNamespace: string;
  readonly v4: PathAddresses;
  readonly v6: PathAddresses;
}

export interface PathAddresses {
  readonly router: IpAddress;
  readonly server: IpAddress;
}

/** Behind the router, which says that there is no such host. */
export const NO_HOST = "198.18.79.99";

/** Why there can be no such path here. Absent: there can. */
function twoHopsProblem(): string | undefined {
  if (process.platform !== "linux") return "network namespaces exist on Linux only";
  if (process.getuid?.() !== 0) return "a network namespace needs root";
  try {
    using path = createTwoHops();
    return path.serverNamespace === "" ? "the namespace has no name" : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether to skip, said on standard error; under `CI=true` it is no skip but a failure. */
export function twoHopsAvailable(): boolean {
  const problem = twoHopsProblem();
  if (problem === undefined) return true;
  if (process.env["CI"] === "true") throw new Error(`no path of two hops: ${problem}`);
  process.stderr.write(`SKIPPED: no path of two hops: ${problem}\n`);
  return false;
}

export function createTwoHops(): TwoHops {
  const id = process.pid;
  const router = `truechimer-router-${id}`;
  const server = `truechimer-server-${id}`;
  // Interface names have 15 characters at most.
  const [near, back, forth, far] = [`th${id}n`, `th${id}b`, `th${id}f`, `th${id}s`];
  const undo: string[][] = [];
  const remove = (): void => {
    process.off("exit", remove);
    for (const parameters of undo.splice(0).toReversed()) ip(parameters);
  };
  process.on("exit", remove);
  try {
    for (const namespace of [router, server]) {
      ip(["netns", "add", namespace]);
      undo.push(["netns", "delete", namespace]);
      ip(["-n", namespace, "link", "set", "lo", "up"]);
    }
    ip(["link", "add", near, "type", "veth", "peer", "name", back, "netns", router]);
    undo.push(["link", "delete", near]);
    ip(["-n", router, "link", "add", forth, "type", "veth", "peer", "name", far, "netns", server]);
    const ends = [
      { at: [], device: near, v4: "198.18.78.1/24", v6: "2001:2:0:78::1/64" },
      { at: ["-n", router], device: back, v4: "198.18.78.2/24", v6: "2001:2:0:78::2/64" },
      { at: ["-n", router], device: forth, v4: "198.18.79.1/24", v6: "2001:2:0:79::1/64" },
      { at: ["-n", server], device: far, v4: "198.18.79.2/24", v6: "2001:2:0:79::2/64" },
    ];
    for (const { at, device, v4, v6 } of ends) {
      // Else the link-local address is of no use for a second, until the kernel knows that nobody else has it.
      shell(at[1], `echo 0 > /proc/sys/net/ipv6/conf/${device}/accept_dad`);
      ip([...at, "address", "add", v4, "dev", device]);
      ip([...at, "address", "add", v6, "dev", device, "nodad"]);
      ip([...at, "link", "set", device, "up"]);
    }
    const forward = "/proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding";
    shell(router, `for f in ${forward}; do echo 1 > $f; done`);
    ip(["-n", router, "route", "add", "unreachable", NO_HOST]);
    for (const [family, network, hostVia, serverVia] of [
      ["-4", "198.18.79.0/24", "198.18.78.2", "198.18.79.1"],
      ["-6", "2001:2:0:79::/64", "2001:2:0:78::2", "2001:2:0:79::1"],
    ] as const) {
      ip([family, "route", "add", network, "via", hostVia, "dev", near]);
      ip([family, "-n", server, "route", "add", "default", "via", serverVia]);
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    serverNamespace: server,
    v4: { router: known("198.18.78.2"), server: known("198.18.79.2") },
    v6: { router: known("2001:2:0:78::2"), server: known("2001:2:0:79::2") },
    [Symbol.dispose]: remove,
  };
}

function ip(parameters: readonly string[]): void {
  execFileSync(installedProgram("ip"), [...parameters], { stdio: ["ignore", "ignore", "pipe"] });
}

/** In a namespace, or in this host itself. */
function shell(namespace: string | undefined, script: string): void {
  const command = ["sh", "-c", script];
  if (namespace !== undefined) return ip(["netns", "exec", namespace, ...command]);
  execFileSync("sh", ["-c", script], { stdio: ["ignore", "ignore", "pipe"] });
}

function known(text: string): IpAddress {
  const address = parseIpAddress(text);
  if (!address.ok) throw new Error(address.error);
  return address.value;
}
