// The OpenID Connect provider as the control plane is given it: the configuration, and our secret with it.

import type { OidcSettings } from "@truechimer/server";
import type { LoadedConfig } from "./config/load-config.ts";

/** For the options of a control plane: {} when there is no provider. */
export function oidcSettings({
  config: { oidc },
  secrets: { oidcClientSecret: clientSecret },
}: LoadedConfig): { readonly oidc?: OidcSettings } {
  if (oidc === undefined) return {};
  const { clientSecretFile: _file, roles, ...settings } = oidc;
  return {
    oidc: {
      ...settings,
      roles: new Map(Object.entries(roles)),
      ...(clientSecret === undefined ? {} : { clientSecret }),
    },
  };
}
