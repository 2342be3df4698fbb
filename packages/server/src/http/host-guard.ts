// Against DNS rebinding and cross-site requests, also on loopback: a page of another site may point a name of its own
// at our address, or post to us from a browser that holds our cookie. A rebound request carries the attacker's name in
// `Host`; a cross-site one carries another `Origin`.

import { isIP } from "node:net";

export interface HostPolicy {
  /** Address that the listener is bound to. */
  readonly listenHost: string;
  /** Names under which people reach us, without port. Lower case. */
  readonly allowedHosts: readonly string[];
}

export interface HostHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`. Absent: not a browser, or an old one. */
  readonly fetchSite: string | undefined;
}

/** What is wrong with the request's `Host`, for people. Absent: nothing. */
export function hostProblem(headers: HostHeaders, policy: HostPolicy): string | undefined {
  const host = hostnameOf(headers.host);
  if (host === undefined) return "the request has no usable Host header";
  if (hostAllowed(host, policy)) return undefined;
  return `the Host "${host}" is not one of ours: use ${policy.listenHost} or add it to the allowed hosts`;
}

/** The same for what a browser says about the page that asks. Programs send neither header. */
export function originProblem(headers: HostHeaders): string | undefined {
  if (headers.origin !== undefined && !sameOrigin(headers.origin, headers.host)) {
    return `the Origin "${headers.origin.slice(0, 200)}" is not this server's`;
  }
  if (headers.fetchSite === "cross-site" || headers.fetchSite === "same-site") {
    return "the request comes from another site's page";
  }
  return undefined;
}

function hostAllowed(host: string, policy: HostPolicy): boolean {
  if (policy.allowedHosts.includes(host)) return true;
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  if (isIP(host) === 0) return host === policy.listenHost.toLowerCase();
  // A literal address cannot be rebound. On a loopback listener nothing but loopback makes sense.
  return !isLoopback(policy.listenHost) || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Lower case, without port, brackets and final dot. */
function hostnameOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > 300) return undefined;
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(header);
  if (bracketed?.[1] !== undefined) return bracketed[1].toLowerCase();
  const plain = /^([A-Za-z0-9._-]+?)\.?(?::\d{1,5})?$/.exec(header);
  return plain?.[1]?.toLowerCase();
}

function sameOrigin(origin: string, host: string | undefined): boolean {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  return match?.[1] !== undefined && match[1].toLowerCase() === host?.toLowerCase();
}
