// Whom an agent calls. Our control plane answers everything at one address; the NTP Pool has one host for the JSON
// endpoints and, for each environment, one for the Connect services, which the agent finds by its own TLS name.

import { ok, type Result, refused } from "@truechimer/base";
import { parseMonitorName } from "@truechimer/pki";
import type { IdentitySnapshot } from "./identity-snapshot.ts";

export interface HostSettings {
  /** `--server`: one address for everything. */
  readonly serverUrl?: string | undefined;
  /** API_HOST: the JSON endpoints alone. */
  readonly apiHost?: string | undefined;
  /** DEVEL_API_SERVER: the Connect services alone. */
  readonly connectHost?: string | undefined;
  /** Set: the Connect services are at `api.[<environment>.]<domain>`, as those of the NTP Pool. */
  readonly monitorDomain?: string | undefined;
}

export interface Hosts {
  readonly apiUrl: string;
  readonly monitorUrl: string;
}

/** API_HOST and DEVEL_API_SERVER; an empty variable is unset. */
export function hostSettingsFrom(
  variables: Readonly<Record<string, string | undefined>>,
  settings: Pick<HostSettings, "serverUrl" | "monitorDomain"> = {},
): HostSettings {
  return {
    ...settings,
    apiHost: variables["API_HOST"] || undefined,
    connectHost: variables["DEVEL_API_SERVER"] || undefined,
  };
}

export function hostsOf(
  settings: HostSettings,
  { enrolment, tlsName }: Pick<IdentitySnapshot, "enrolment" | "tlsName">,
): Result<Hosts, string> {
  const server = settings.serverUrl ?? enrolment?.serverUrl;
  const apiUrl = settings.apiHost ?? enrolment?.agentUrl ?? server;
  if (apiUrl === undefined) {
    return refused("no control plane is known: name one with --server, or enrol the agent");
  }
  const named = settings.connectHost ?? enrolment?.agentUrl;
  if (named !== undefined) return checked({ apiUrl, monitorUrl: named });
  const { monitorDomain } = settings;
  if (monitorDomain === undefined || tlsName === "") {
    return checked({ apiUrl, monitorUrl: server ?? apiUrl });
  }
  const parts = parseMonitorName(tlsName, monitorDomain.toLowerCase());
  if (!parts.ok) return parts;
  const { environment } = parts.value;
  const host =
    environment === "prod" ? `api.${monitorDomain}` : `api.${environment}.${monitorDomain}`;
  return checked({ apiUrl, monitorUrl: `https://${host}` });
}

function checked(hosts: Hosts): Result<Hosts, string> {
  for (const text of [hosts.apiUrl, hosts.monitorUrl]) {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
      return refused(
        `"${text}" is not the address of a control plane: expected https://host[:port]`,
      );
    }
  }
  return ok(hosts);
}
