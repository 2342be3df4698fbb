// The names and addresses under which agents reach the listener, for its certificate.

import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** A host with more addresses is one of containers, and agents use a name. */
const ADDRESSES_MAX = 32;
const EVERYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
/** A host name as a certificate may hold it; what else a host calls itself is left out. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

export interface ListenerNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface ListenerPlace {
  readonly listenHost: string;
  /** Address that agents are told to use. Absent: the listener's own. */
  readonly publicUrl: string | undefined;
}

/** The public name first: it becomes the certificate's subject. */
export function listenerNames({ listenHost, publicUrl }: ListenerPlace): ListenerNames {
  const everywhere = EVERYWHERE.has(listenHost);
  const hosts = [
    ...(publicUrl === undefined ? [] : [bareHost(new URL(publicUrl).hostname)]),
    ...(everywhere ? [hostname().toLowerCase(), ...ownAddresses()] : [listenHost.toLowerCase()]),
    "localhost",
    "127.0.0.1",
    "::1",
  ];
  const unique = [...new Set(hosts)];
  return {
    dnsNames: unique.filter((host) => isIP(host) === 0 && HOST_NAME.test(host)),
    ipAddresses: unique.filter((host) => isIP(host) !== 0),
  };
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.includes("%"))
    .map(({ address }) => address)
    .slice(0, ADDRESSES_MAX);
}

function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}
