// POST /monitor/api/registration: an agent asks to be let in, over each IP family that it has, until it is.

import { isUlid } from "@truechimer/base";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import type { CallerAddress } from "../enrolment/caller-address.ts";
import { ENROLMENT_LIMITS } from "../enrolment/enrolment-limits.ts";
import { personWords } from "../enrolment/person-words.ts";
import { type RegistrationState, receiveRegistration } from "../enrolment/receive-registration.ts";
import { bearerToken, tokenHash } from "../http/token.ts";
import { clientVersionFromUserAgent, isOwnAgent } from "../monitor-api/client-version.ts";
import { refuseInText } from "./error-answers.ts";

export interface RegistrationCall {
  readonly request: FastifyRequest;
  readonly callerAddress: CallerAddress;
  readonly publicUrl: string;
}

export async function answerRegistration(
  context: ServerContext,
  reply: FastifyReply,
  { request, callerAddress, publicUrl }: RegistrationCall,
): Promise<void> {
  const refuse = (status: number, code: string, message: string): Promise<void> =>
    refuseInText(reply, { status, code, message });
  if (context.ca === undefined) {
    return refuse(
      403,
      "master_key_missing",
      "this control plane takes no registrations: its operator has given it no master key",
    );
  }
  const registrationId = headerOf(request, "registration-id");
  if (!isUlid(registrationId)) {
    return refuse(400, "bad_request", "the header Registration-ID must hold a ULID");
  }
  const address = callerAddress({
    remoteAddress: request.socket.remoteAddress,
    forwardedFor: headerOf(request, "x-forwarded-for"),
  });
  if (address === undefined) {
    return refuse(400, "bad_address", "the address that the request came from is not known");
  }
  const state = await receiveRegistration(context, { registrationId, address, ...said(request) });
  if (!state.ok) {
    const { code, message } = state.error;
    return refuse(code === "limit_exceeded" ? 429 : 400, code, message);
  }
  return answerState(reply, request, { state: state.value, publicUrl });
}

/** What the agent says of itself. */
function said(request: FastifyRequest): {
  readonly hostname: string;
  readonly account: string;
  readonly clientVersion: string;
  readonly formerKeyHash: Buffer | undefined;
} {
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
  const former = bearerToken(request.headers.authorization);
  return {
    hostname: personWords(
      "hostname",
      form.get("hostname") ?? "",
      ENROLMENT_LIMITS.hostnameCharactersMax,
    ),
    account: personWords("a (the account)", form.get("a") ?? ""),
    clientVersion: clientVersionFromUserAgent(request.headers["user-agent"] ?? null),
    formerKeyHash: former === undefined ? undefined : tokenHash(former),
  };
}

/** Agents of the NTP Pool know no end but a key or a text: a status that they do not know they would ask for ever. */
async function answerState(
  reply: FastifyReply,
  request: FastifyRequest,
  { state, publicUrl }: { readonly state: RegistrationState; readonly publicUrl: string },
): Promise<void> {
  const ended = state.status === "rejected" || state.status === "cancelled";
  const reason = state.reason === "" ? "" : `: ${state.reason}`;
  if (ended && !isOwnAgent(request.headers["user-agent"])) {
    const message = `the registration was ${state.status}${reason}`;
    await refuseInText(reply, { status: 403, code: "forbidden", message });
    return;
  }
  await reply.header("cache-control", "no-store").send({
    URL: `${publicUrl}/agents/registrations/${state.id}`,
    Status: state.status,
    ...(state.apiKey === undefined ? {} : { APIToken: state.apiKey }),
    ...(ended ? { Reason: state.reason } : {}),
  });
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : (value ?? []).join(",");
}
