// What came of a request, as our own control plane is told.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type agentV1, monitorV2 } from "@truechimer/api";
import type { UnixNs } from "@truechimer/base";
import { checkResultWithoutSamples } from "@truechimer/ntp";
import { timestampFromNs } from "../protobuf-time.ts";
import type { CheckTarget } from "../run-check.ts";
import { SUBMISSION_VERSION, serverStatus } from "../server-status.ts";
import { tracerouteMessage } from "../traceroute-status.ts";
import type { OnDemandKind, OnDemandOutcome } from "./on-demand-transport.ts";

type AnswerResult = NonNullable<MessageInitShape<typeof agentV1.AnswerRequestSchema>["result"]>;

export interface AnsweredRequest {
  readonly kind: OnDemandKind;
  /** As it was asked. */
  readonly ipBytes: Uint8Array;
  readonly target: CheckTarget | undefined;
  readonly nowNs: UnixNs;
}

const NTP_PORT = 123;

/** The evidence is in it; without a ticket, because the request is its own proof. */
export function answerResult(request: AnsweredRequest, outcome: OnDemandOutcome): AnswerResult {
  switch (outcome.kind) {
    case "check":
      return { case: "status", value: checkStatus(request, outcome) };
    case "traceroute":
      return { case: "traceroute", value: tracerouteMessage(outcome.traceroute) };
    case "refused":
      return request.kind === "traceroute"
        ? {
            case: "traceroute",
            value: create(monitorV2.TracerouteSchema, {
              reason: outcome.reason,
              startedAt: timestampFromNs(request.nowNs),
            }),
          }
        : { case: "status", value: refusedStatus(request, outcome) };
  }
}

function checkStatus(
  { ipBytes, target }: AnsweredRequest,
  { result, endedAtNs }: OnDemandOutcome & { readonly kind: "check" },
): monitorV2.ServerStatus {
  const none = new Uint8Array();
  const address = target?.address;
  if (address === undefined) throw new Error("a check has a target");
  const port = target?.port ?? NTP_PORT;
  const item = { testId: none, ticket: none, ipBytes, address, port, checkIntervalMs: undefined };
  return serverStatus({ item, result, endedAtNs }, SUBMISSION_VERSION);
}

function refusedStatus(
  { ipBytes, target, nowNs }: AnsweredRequest,
  { reason, text }: OnDemandOutcome & { readonly kind: "refused" },
): monitorV2.ServerStatus {
  const { noResponse } = checkResultWithoutSamples("address_refused").outcome;
  return create(monitorV2.ServerStatusSchema, {
    ipBytes,
    port: target?.port ?? NTP_PORT,
    ts: timestampFromNs(nowNs),
    reason,
    error: text,
    noResponse,
  });
}
