// DNS: the names of the control plane's hosts.

import type { Hosts, ResolveHost } from "@truechimer/agent";
import { type IpFamily, parseIpAddress } from "@truechimer/base";
import { type DoctorFinding, findingsOf } from "../../doctor/finding.ts";

const { ok, unreachable } = findingsOf("DNS");

export interface NamesCheckOptions {
  readonly hosts: Hosts;
  readonly families: readonly IpFamily[];
  readonly resolveHost: ResolveHost;
}

export async function checkNames({
  hosts,
  families,
  resolveHost,
}: NamesCheckOptions): Promise<readonly DoctorFinding[]> {
  const names = new Set(
    [hosts.apiUrl, hosts.monitorUrl].map((url) => new URL(url).hostname.replace(/^\[|\]$/g, "")),
  );
  return Promise.all(
    [...names].map(async (name) => {
      if (parseIpAddress(name).ok) return ok(`${name} is an address: no name to look up`);
      const found = await Promise.all(families.map((family) => resolveHost(name, family)));
      const addresses = found.flat();
      if (addresses.length > 0) {
        return ok(`${name} is ${addresses.map(({ text }) => text).join(", ")}`);
      }
      return unreachable(
        `${name} has no address in the families that are wanted`,
        "check the name, and this host's resolver (/etc/resolv.conf)",
      );
    }),
  );
}
