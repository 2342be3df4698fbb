// The registration of the NTP Pool's agent: the same registration id is posted over IPv4 and over IPv6, so that the
// control plane learns both addresses; a person then approves it at an address that is shown; then the API key comes.

import {
  AppError,
  type Clock,
  createUlid,
  type IpFamily,
  type Random,
  sleep,
} from "@truechimer/base";
import { type HttpAnswer, REGISTRATION_TIMES, type SendHttp } from "./http-client.ts";
import { endpoint } from "./json-control-plane.ts";

export interface RegistrationOptions {
  readonly apiUrl: string;
  /** Families that the agent wants to probe in; at least one. */
  readonly families: readonly IpFamily[];
  /** The key of an earlier registration, so that it is continued. A secret. */
  readonly apiKey?: string | undefined;
  readonly hostname?: string | undefined;
  /** Name of the account that the agent shall belong to. */
  readonly account?: string | undefined;
  readonly rootPem?: string | undefined;
  readonly send: SendHttp;
  readonly clock: Clock;
  readonly random: Random;
  readonly onProgress: (progress: RegistrationProgress) => void;
  readonly signal: AbortSignal;
  /** How long to wait for a person. Default 24 h. */
  readonly waitMsMax?: number;
}

/** What a person at the terminal wants to know meanwhile. */
export type RegistrationProgress =
  /** To be opened in a browser; told once, when every wanted address is known. */
  | { readonly kind: "url"; readonly url: string }
  /** This family has no way to the control plane: the agent goes on with the other. */
  | { readonly kind: "family_unreachable"; readonly family: IpFamily; readonly error: unknown }
  /** The earlier key is not known any more: the agent registers anew. */
  | { readonly kind: "key_refused" }
  /** The control plane fails or asks for patience (in its own words, if it has any); it is asked again. */
  | { readonly kind: "waiting"; readonly status: number; readonly message: string };

export type Registration =
  | { readonly kind: "accepted"; readonly apiKey: string }
  /** The control plane says that it is over, and gives no key: the agent has it already. */
  | { readonly kind: "completed" };

const UNTIL_URL_MS = 200;
/** So many quick polls; a control plane that shows no address until then is polled as if it had. */
const QUICK_POLLS_MAX = 25;
const UNTIL_APPROVED_MS = 5_000;
const AFTER_FAILURE_MS = 10_000;
const WAIT_MS_MAX = 24 * 3_600_000;
/** Of a text that the control plane answers with. */
const REFUSAL_CHARACTERS_MAX = 1_000;

/** Throws enrolment_refused with what the control plane said, peer_unreachable, bad_answer, or the signal's reason. */
export async function registerAgent(options: RegistrationOptions): Promise<Registration> {
  if (options.families.length === 0) {
    throw new AppError(
      "usage",
      "neither IPv4 nor IPv6 is wanted: leave out --no-ipv4 or --no-ipv6",
    );
  }
  const { clock, signal } = options;
  const flow = createFlow(options);
  const deadlineNs = clock.monotonicNs() + BigInt(options.waitMsMax ?? WAIT_MS_MAX) * 1_000_000n;
  for (;;) {
    signal.throwIfAborted();
    const step = await flow.step();
    if (step.kind !== "again") return step;
    if (clock.monotonicNs() >= deadlineNs) {
      throw new AppError(
        "enrolment_refused",
        "the registration was neither approved nor refused in time: approve it in the dashboard, then run this again",
      );
    }
    await sleep(clock, step.restMs, signal);
  }
}

type Step = Registration | { readonly kind: "again"; readonly restMs: number };

interface Flow {
  step(): Promise<Step>;
}

function createFlow(options: RegistrationOptions): Flow {
  const { clock, random, onProgress } = options;
  const registrationId = createUlid(clock, random);
  const seen = new Set<IpFamily>();
  const unreachable = new Set<IpFamily>();
  let apiKey = options.apiKey ?? "";
  let url = "";
  let shown = false;
  let quickPolls = 0;

  const failed = (family: IpFamily | undefined, error: unknown): Step => {
    // Once both are known, a lost connection is no reason to lose the registration.
    const waiting = missing().length === 0;
    if (waiting) {
      onProgress({ kind: "waiting", status: 0, message: "it cannot be reached" });
      return { kind: "again", restMs: AFTER_FAILURE_MS };
    }
    const other = options.families.some((wanted) => wanted !== family && !unreachable.has(wanted));
    if (family === undefined || !isUnreachable(error) || !other) throw error;
    unreachable.add(family);
    onProgress({ kind: "family_unreachable", family, error });
    return { kind: "again", restMs: 0 };
  };
  const missing = (): readonly IpFamily[] =>
    options.families.filter((family) => !seen.has(family) && !unreachable.has(family));

  return {
    step: async () => {
      const family = familyOf(missing(), options.families);
      let answer: HttpAnswer;
      try {
        answer = await options.send(
          registrationRequest({ options, registrationId, apiKey, family }),
        );
      } catch (error) {
        options.signal.throwIfAborted();
        return failed(family, error);
      }
      const { status } = answer;
      if (status >= 500 || status === 408 || status === 429) {
        const message = answer.mediaType === "text/plain" ? printable(answer.text.trim()) : "";
        onProgress({ kind: "waiting", status, message });
        return { kind: "again", restMs: answer.retryAfterMs ?? AFTER_FAILURE_MS };
      }
      if (status === 401 && apiKey !== "") {
        apiKey = "";
        onProgress({ kind: "key_refused" });
        return { kind: "again", restMs: 0 };
      }
      // An address in the place of a name has one family alone, whatever was wanted.
      if (family !== undefined && answer.family !== family) {
        return failed(family, noAddress(options.apiUrl, family));
      }
      seen.add(answer.family);
      const said = registrationFrom(answer);
      if (said.kind !== "pending") return said;
      if (said.url !== "") url = said.url;
      if (url !== "" && !shown && missing().length === 0) {
        shown = true;
        onProgress({ kind: "url", url });
      }
      quickPolls += 1;
      const quick = !shown && quickPolls <= QUICK_POLLS_MAX;
      return { kind: "again", restMs: quick ? UNTIL_URL_MS : UNTIL_APPROVED_MS };
    },
  };
}

/** Both still wanted: whichever comes first. One: that. None: the only wanted one, or either. */
function familyOf(missing: readonly IpFamily[], wanted: readonly IpFamily[]): IpFamily | undefined {
  if (missing.length === 1) return missing[0];
  if (missing.length === 0 && wanted.length === 1) return wanted[0];
  return undefined;
}

interface RegistrationRequestOptions {
  readonly options: RegistrationOptions;
  readonly registrationId: string;
  readonly apiKey: string;
  readonly family: IpFamily | undefined;
}

function registrationRequest({
  options,
  registrationId,
  apiKey,
  family,
}: RegistrationRequestOptions): Parameters<SendHttp>[0] {
  const { apiUrl, account, hostname, rootPem, signal } = options;
  const fields = Object.entries({ a: account, hostname }).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
  const body = new URLSearchParams(fields).toString();
  return {
    method: "POST",
    url: endpoint(apiUrl, "/monitor/api/registration").href,
    headers: {
      accept: "application/json, text/plain",
      "registration-id": registrationId,
      ...(apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(body === "" ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    },
    ...(body === "" ? {} : { body }),
    family,
    rootPem,
    times: REGISTRATION_TIMES,
    signal,
  };
}

type Said = Registration | { readonly kind: "pending"; readonly url: string };

/** Words by which a control plane ends a registration for good. */
const ENDED: ReadonlySet<string> = new Set(["rejected", "cancelled", "canceled", "expired"]);

function registrationFrom({ status, mediaType, text }: HttpAnswer): Said {
  if (mediaType === "text/plain") throw refusedBy(text.trim());
  if (mediaType !== "application/json") {
    throw new AppError(
      "bad_answer",
      `the control plane answered the registration with "${mediaType}" (status ${status}): expected application/json; check its address`,
    );
  }
  const fields = fieldsOf(text);
  if (status >= 400)
    throw refusedBy(fields.get("message") ?? fields.get("error") ?? `status ${status}`);
  const state = fields.get("status") ?? "";
  if (ENDED.has(state)) {
    const reason = fields.get("reason") ?? fields.get("message") ?? "";
    throw refusedBy(`the registration was ${state}${reason === "" ? "" : `: ${reason}`}`);
  }
  if (state === "completed") return { kind: "completed" };
  if (state !== "accepted") return { kind: "pending", url: webAddress(fields.get("url") ?? "") };
  const apiKey = fields.get("apitoken") ?? "";
  if (apiKey === "") {
    throw new AppError(
      "bad_answer",
      "the control plane accepted the registration and sent no API key",
    );
  }
  return { kind: "accepted", apiKey };
}

function refusedBy(why: string): AppError {
  return new AppError(
    "enrolment_refused",
    `the control plane refused this agent: ${printable(why) || "without a reason"}`,
  );
}

/** A terminal shall show what the control plane says, not obey it. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, " ").slice(0, REFUSAL_CHARACTERS_MAX);
}

/** Only what a browser may open. */
function webAddress(text: string): string {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url.href : "";
}

/** Names in lower case: the NTP Pool's agent reads them in any. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    raw = undefined;
  }
  if (typeof raw !== "object" || raw === null) {
    throw new AppError(
      "bad_answer",
      "the control plane's answer to the registration is no JSON object",
    );
  }
  return new Map(
    Object.entries(raw).flatMap(([name, value]) =>
      typeof value === "string" ? [[name.toLowerCase(), value] as const] : [],
    ),
  );
}

function noAddress(apiUrl: string, family: IpFamily): AppError {
  return new AppError("peer_unreachable", `${apiUrl} has no IP${family} address`);
}

/** No way to that family: no address of the name, no route, or nobody there. */
function isUnreachable(error: unknown): boolean {
  return error instanceof AppError && error.code === "peer_unreachable";
}
