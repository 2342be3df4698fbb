// One interface, two transports: by what an agent is there, is asked, and answers. What a transport does not know, such
// as how a server is checked, is none of its business; what a request means for the wire is nobody else's.

import type { IpAddress, IpFamily, Result, UnixNs } from "@truechimer/base";
import type { CheckResult } from "@truechimer/ntp";
import type { Traceroute } from "@truechimer/udp";
import type { CheckTarget } from "../run-check.ts";

/** One question to one monitor of the agent. */
export interface OnDemandRequest {
  readonly id: string;
  readonly kind: OnDemandKind;
  /** Which monitor is asked. Absent: the one of the target's family. */
  readonly monitorAddress: IpAddress | undefined;
  /** Until when an answer is of use. Absent: not told. */
  readonly expiresAtNs: UnixNs | undefined;
  /** Refused: what was sent makes no sense, in words. */
  readonly target: Result<CheckTarget, string>;
  /** Once. Rejects when the answer could not be delivered. */
  answer(outcome: OnDemandOutcome): Promise<void>;
}

/** `unknown`: of a newer control plane. */
export type OnDemandKind = "check" | "traceroute" | "unknown";

export type OnDemandOutcome =
  | { readonly kind: "check"; readonly result: CheckResult; readonly endedAtNs: UnixNs }
  | { readonly kind: "traceroute"; readonly traceroute: Traceroute }
  /** Nothing can be said of the server. */
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly text: string };

/** `address_refused`: the agent's owner does not allow it. `other_error`: the text says what. */
export type RefusalReason = "address_refused" | "other_error";

export interface OnDemandHandlers {
  /** Returns at once: a transport goes on receiving. */
  onRequest(request: OnDemandRequest): void;
  /** The control plane says that the configuration changed. */
  onConfigurationChanged(): void;
}

export interface OnDemandTransport extends AsyncDisposable {
  /** The control plane knows that the agent is there. */
  readonly online: boolean;
  start(handlers: OnDemandHandlers): void;
}

/** For requests that do not say which monitor is asked. */
export function familyOf(request: Pick<OnDemandRequest, "target">): IpFamily | undefined {
  return request.target.ok ? request.target.value.address.family : undefined;
}
