// Tokens by which a broker knows who connects: HS384 with a secret that the broker has, too, and the topics that the
// bearer may use. The NTP Pool's claims, which the broker's plug-in reads.

import { type Clock, unixMsFromNs } from "@truechimer/base";
import {
  agentPublishFilters,
  agentRequestsFilter,
  controlPlaneTokenFilter,
  type MqttEnvironment,
} from "@truechimer/mqtt";
import { SignJWT } from "jose";

const LIFE_SECONDS = 6 * 3_600;
/** The broker's clock may be behind by so much. */
const NOT_BEFORE_SECONDS = 30;

export interface MqttTokenParts {
  readonly secret: Uint8Array;
  readonly environment: MqttEnvironment;
  readonly clock: Clock;
}

export function agentMqttToken(parts: MqttTokenParts, tlsName: string): Promise<string> {
  return signed(parts, tlsName, {
    subs: [agentRequestsFilter(parts.environment, tlsName)],
    publ: agentPublishFilters(parts.environment, tlsName),
  });
}

export function controlPlaneMqttToken(parts: MqttTokenParts, name: string): Promise<string> {
  const filter = controlPlaneTokenFilter(parts.environment);
  return signed(parts, name, { subs: [filter], publ: [filter] });
}

function signed(
  { secret, clock }: MqttTokenParts,
  subject: string,
  claims: { readonly subs: readonly string[]; readonly publ: readonly string[] },
): Promise<string> {
  const nowSeconds = Math.floor(unixMsFromNs(clock.nowNs()) / 1_000);
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS384", typ: "JWT" })
    .setSubject(subject)
    .setIssuedAt(nowSeconds)
    .setNotBefore(nowSeconds - NOT_BEFORE_SECONDS)
    .setExpirationTime(nowSeconds + LIFE_SECONDS)
    .sign(secret);
}
