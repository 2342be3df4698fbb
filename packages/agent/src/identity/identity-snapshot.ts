// What an agent knows of itself at one moment. A snapshot never changes; a change is another snapshot.

import type { IpFamily } from "@truechimer/base";
import type { CertificatePair } from "./certificate-pair.ts";
import type { Enrolment } from "./enrolment-file.ts";
import type { Environment } from "./environment.ts";
import type { AgentState } from "./state-file.ts";

export interface IdentitySnapshot extends AgentState {
  readonly environment: Environment;
  /** The control plane refused the API key when it was last used. */
  readonly apiKeyRefused: boolean;
  readonly pair: CertificatePair | undefined;
  readonly rootPem: string | undefined;
  readonly enrolment: Enrolment | undefined;
}

const LIVE: ReadonlySet<string> = new Set(["active", "testing"]);

/** The status alone says so: active and testing. */
export function isLive(snapshot: IdentitySnapshot, family: IpFamily): boolean {
  return LIVE.has(snapshot[family].status);
}

/** Live, and with an address to probe as. */
export function canProbe(snapshot: IdentitySnapshot, family: IpFamily): boolean {
  return isLive(snapshot, family) && snapshot[family].address !== undefined;
}
