// Where a control plane answers, from its configuration, and what is said about it when it runs.

import { assert } from "@truechimer/base";
import type { DashboardTls, ListenAddress, Server, ServerOptions } from "@truechimer/server";
import type { Config, TlsConfig } from "./config/config.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import type { Progress } from "./output/progress.ts";

export function agentsOptions(
  { agents }: Config,
  listen: ListenAddress,
): NonNullable<ServerOptions["agents"]> {
  const { host: _host, port: _port, portChosen: _byWhom, publicUrl, ...others } = agents;
  return {
    listen,
    ...(publicUrl !== undefined && { publicUrl }),
    ...others,
  };
}

export function publicUrlOf({
  config: { listen },
  secrets: { acmeHmacKey },
}: LoadedConfig): Pick<ServerOptions, "publicUrl" | "tls"> {
  const { publicUrl, tls } = listen;
  return {
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(tls === undefined ? {} : { tls: tlsSettings(tls, acmeHmacKey) }),
  };
}

function tlsSettings(tls: TlsConfig, hmacKey: Uint8Array | undefined): DashboardTls {
  if (tls.kind !== "acme") return tls;
  const { externalAccount, ...settings } = tls;
  if (externalAccount === undefined) return settings;
  assert(hmacKey !== undefined, "a configuration without the secret was refused");
  return { ...settings, externalAccount: { keyId: externalAccount.keyId, hmacKey } };
}

/** Where agents call, and by what they know that it is us. */
export async function sayAgents(progress: Progress, server: Server): Promise<void> {
  const { agentsUrl } = server;
  if (agentsUrl === undefined) return;
  const fingerprint = await server.rootFingerprint();
  progress.say("agents", `call ${agentsUrl}; root certificate SHA-256 ${fingerprint}`, {
    url: agentsUrl,
    root_fingerprint: fingerprint,
  });
}
