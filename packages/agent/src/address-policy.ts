// Which addresses an agent sends probes to. A control plane must not be able to turn its agents on the networks that
// they stand in, so everything but public unicast is refused unless the owner of both allows private targets.

import { type AddressScope, addressScope, type IpAddress } from "@truechimer/base";

export interface AddressPolicy {
  /** Also probe private (RFC 1918, RFC 4193, RFC 6598), loopback and link-local addresses. */
  readonly privateTargetsAllowed: boolean;
}

const SCOPE_TEXTS: Readonly<Record<AddressScope, string>> = {
  public: "public",
  private: "private",
  loopback: "loopback",
  link_local: "link-local",
  multicast: "multicast",
  unspecified: "unspecified",
  reserved: "reserved",
};

/** Documentation ranges and the like are reserved: they lead nowhere, but test networks use them. */
const ALLOWED_WHERE_PRIVATE_IS: ReadonlySet<AddressScope> = new Set([
  "private",
  "loopback",
  "link_local",
  "reserved",
]);

/** Reserved as well, but it reaches every host of the network. */
const LIMITED_BROADCAST = "255.255.255.255";

/** Why an address is not probed, for people. Absent: it may be. */
export function addressRefusal(address: IpAddress, policy: AddressPolicy): string | undefined {
  const scope = addressScope(address);
  if (scope === "public") return;
  const allowable = ALLOWED_WHERE_PRIVATE_IS.has(scope) && address.text !== LIMITED_BROADCAST;
  if (policy.privateTargetsAllowed && allowable) return;
  return `${SCOPE_TEXTS[scope]} address ${address.text}`;
}
