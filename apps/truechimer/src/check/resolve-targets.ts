// From what was typed to addresses: each address of a name is a server of its own.

import type { ResolveHost } from "@truechimer/agent";
import type { IpAddress, IpFamily, NamedTarget } from "@truechimer/base";

export interface ResolvedTarget {
  /** As it was typed. */
  readonly name: string;
  readonly address: IpAddress;
  readonly port: number;
}

export interface UnresolvedTarget {
  readonly name: string;
  /** For people. */
  readonly problem: string;
}

export interface Resolution {
  readonly resolved: readonly ResolvedTarget[];
  readonly unresolved: readonly UnresolvedTarget[];
}

export interface TypedTarget {
  readonly name: string;
  readonly target: NamedTarget;
}

/** `families`: those that are wanted. */
export async function resolveTargets(
  typed: readonly TypedTarget[],
  families: readonly IpFamily[],
  resolveHost: ResolveHost,
): Promise<Resolution> {
  const found = await Promise.all(
    typed.map(async ({ name, target }) => ({
      name,
      port: target.port,
      addresses: await addressesOf(target.host, families, resolveHost),
    })),
  );
  return {
    resolved: found.flatMap(({ name, port, addresses }) =>
      addresses.map((address) => ({ name, address, port })),
    ),
    unresolved: found
      .filter(({ addresses }) => addresses.length === 0)
      .map(({ name }) => ({ name, problem: problemText(families) })),
  };
}

async function addressesOf(
  host: string | IpAddress,
  families: readonly IpFamily[],
  resolveHost: ResolveHost,
): Promise<readonly IpAddress[]> {
  if (typeof host !== "string") return families.includes(host.family) ? [host] : [];
  return (await Promise.all(families.map((family) => resolveHost(host, family)))).flat();
}

function problemText(families: readonly IpFamily[]): string {
  const only = families.length === 1 ? ` in IP${families[0] ?? ""}` : "";
  return `the name has no address${only}: check its spelling and this host's resolver`;
}
