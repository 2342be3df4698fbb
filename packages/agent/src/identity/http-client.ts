// One HTTP request to a control plane, with everything bounded: each phase in time, the answer in bytes. Redirects are
// not followed: a credential goes to the host that it is for, or nowhere.

import type { IncomingMessage } from "node:http";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { getCACertificates, TLSSocket } from "node:tls";
import { AppError, type Clock, type IpFamily } from "@truechimer/base";

/** How long each phase may take, milliseconds. */
export interface HttpTimes {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly totalMs: number;
}

/** The NTP Pool's agent's, for configuration and token. */
export const CONFIG_TIMES: HttpTimes = { connectMs: 10_000, headersMs: 10_000, totalMs: 30_000 };
/** The NTP Pool's agent's, for registration. */
export const REGISTRATION_TIMES: HttpTimes = {
  connectMs: 30_000,
  headersMs: 40_000,
  totalMs: 60_000,
};

/** A configuration with certificate and key has about 8 KiB. */
const ANSWER_BYTES_MAX: number = 256 * 1_024;

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Only over this family. Absent: whichever answers first. */
  readonly family?: IpFamily | undefined;
  readonly times: HttpTimes;
  /** Trusted beside the system's. */
  readonly rootPem?: string | undefined;
  readonly pair?: { readonly certificatePem: string; readonly keyPem: string } | undefined;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Without parameters, lower case; "" when there is none. */
  readonly mediaType: string;
  readonly text: string;
  /** The control plane's name for this request, for its logs. */
  readonly traceId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** Over which the answer came. */
  readonly family: IpFamily;
}

/** Throws `peer_unreachable` (with the system's error as cause), `bad_answer`, or the signal's reason. */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

export interface HttpClientOptions {
  readonly clock: Clock;
  /** Default: the operating system's resolver. */
  readonly lookup?: LookupFunction;
  readonly userAgent: string;
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, if they are to count. */
  readonly proxyVariables?: Readonly<Record<string, string | undefined>> | undefined;
}

export function createHttpClient(options: HttpClientOptions): SendHttp {
  return async (request) => {
    using limits = createLimits(options.clock, request);
    try {
      const message = await sent({ options, request, limits });
      limits.end("headers");
      return await received(message, limits.signal);
    } catch (error) {
      request.signal.throwIfAborted();
      throw failureOf(request.url, limits.signal.aborted ? limits.signal.reason : error);
    }
  };
}

type Phase = "connect" | "headers" | "total";

interface Limits extends Disposable {
  /** Aborted by whoever asked, or by the first phase that takes too long. */
  readonly signal: AbortSignal;
  begin(phase: Phase): void;
  end(phase: Phase): void;
}

function createLimits(clock: Clock, { times, signal, url }: HttpRequest): Limits {
  const over = new AbortController();
  const timers = new Map<Phase, () => void>();
  const onAbort = (): void => over.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const timesOf = { connect: times.connectMs, headers: times.headersMs, total: times.totalMs };
  const begin = (phase: Phase): void => {
    const cancel = clock.setTimer(timesOf[phase], () => {
      over.abort(
        new AppError(
          "peer_unreachable",
          `${originOf(url)} did not answer within ${timesOf[phase] / 1_000} s (${phase}): check its address, and that it runs`,
        ),
      );
    });
    timers.set(phase, cancel);
  };
  begin("connect");
  begin("total");
  return {
    signal: over.signal,
    begin,
    end: (phase) => timers.get(phase)?.(),
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", onAbort);
      for (const cancel of timers.values()) cancel();
    },
  };
}

interface SentOptions {
  readonly options: HttpClientOptions;
  readonly request: HttpRequest;
  readonly limits: Limits;
}

function sent({ options, request, limits }: SentOptions): Promise<IncomingMessage> {
  const { method, url, headers, body, family, rootPem, pair } = request;
  const secure = URL.parse(url)?.protocol === "https:";
  const proxied =
    options.proxyVariables === undefined ? {} : { proxyEnv: { ...options.proxyVariables } };
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(url, {
      method,
      headers: { "user-agent": options.userAgent, ...headers },
      agent: secure ? new HttpsAgent(proxied) : new HttpAgent(proxied),
      signal: limits.signal,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      ...(family === undefined ? {} : { family: family === "v4" ? 4 : 6 }),
      ...(rootPem === undefined ? {} : { ca: [...getCACertificates("default"), rootPem] }),
      ...(pair === undefined ? {} : { cert: pair.certificatePem, key: pair.keyPem }),
    });
    const connected = (): void => {
      limits.end("connect");
      limits.begin("headers");
    };
    outgoing.once("socket", (socket) => {
      socket.once(socket instanceof TLSSocket ? "secureConnect" : "connect", connected);
    });
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function received(message: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
  const family = message.socket.remoteFamily === "IPv6" ? "v6" : "v4";
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for await (const part of message as AsyncIterable<Uint8Array>) {
    byteLength += part.length;
    if (byteLength > ANSWER_BYTES_MAX) {
      message.destroy();
      throw new AppError(
        "bad_answer",
        `the control plane's answer is longer than ${ANSWER_BYTES_MAX} bytes`,
      );
    }
    parts.push(part);
  }
  signal.throwIfAborted();
  return {
    status: message.statusCode ?? 0,
    mediaType: (message.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    text: Buffer.concat(parts).toString("utf8"),
    traceId: textOf(message.headers["traceid"]),
    retryAfterMs: retryAfterMs(textOf(message.headers["retry-after"])),
    family,
  };
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.[0];
}

/** Longer waits that a peer asks for are cut, so that a bad value does not stop an agent for good. */
const RETRY_AFTER_MS_MAX = 600_000;

function retryAfterMs(seconds: string | undefined): number | undefined {
  const parsed = Number(seconds ?? "");
  if (!Number.isFinite(parsed) || parsed <= 0) return;
  return Math.min(parsed * 1_000, RETRY_AFTER_MS_MAX);
}

/** What the system says of the connection; the cause stays, for who decides by its code. */
function failureOf(url: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const why = systemCode(error) ?? (error instanceof Error ? error.message : "unknown");
  return new AppError(
    "peer_unreachable",
    `${originOf(url)} cannot be reached (${why}): check its address, and that it runs`,
    { cause: error },
  );
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? "the control plane";
}

/** Of one error, or of the attempts over several addresses. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return systemCode(error.errors[0]);
  return;
}
