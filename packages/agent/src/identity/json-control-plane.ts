// The control plane's JSON endpoints (configuration and token) and its service for certificates over the agent's own key.

import { AppError, type IpFamily, parseIpAddress } from "@truechimer/base";
import type {
  ConfigAnswer,
  ControlPlane,
  ControlPlaneCall,
  FamilyAnswer,
  TokenAnswer,
} from "./control-plane.ts";
import { CONFIG_TIMES, type HttpAnswer, type SendHttp } from "./http-client.ts";
import { renewByService } from "./renew-by-service.ts";

export interface JsonControlPlaneOptions {
  readonly send: SendHttp;
  readonly userAgent: string;
}

/** Asked for; the peer may give less. The NTP Pool's agent's. */
const TOKEN_SECONDS = 3_600;
const TOKEN_CHARACTERS_MAX = 8_192;
const STATUS_CHARACTERS_MAX = 64;
const NAME_CHARACTERS_MAX = 255;

export function createJsonControlPlane({ send, userAgent }: JsonControlPlaneOptions): ControlPlane {
  return {
    fetchConfig: async ({ requestCertificate, ...call }) => {
      const url = endpoint(call.apiUrl, "/monitor/api/config");
      if (requestCertificate) url.searchParams.set("request_certificate", "true");
      const answer = await send({
        method: "GET",
        url: url.href,
        headers: authorization(call),
        times: CONFIG_TIMES,
        ...credentialsOf(call),
      });
      if (answer.status === 401) throw keyRefused(answer);
      if (answer.status < 200 || answer.status > 299) throw unexpected("configuration", answer);
      return configFrom(jsonObject("configuration", answer));
    },
    fetchToken: async (call) => {
      const answer = await send({
        method: "POST",
        url: endpoint(call.apiUrl, "/api/oidc/token").href,
        headers: { ...authorization(call), "content-type": "application/json" },
        body: JSON.stringify({ expires_in: TOKEN_SECONDS }),
        times: CONFIG_TIMES,
        ...credentialsOf(call),
      });
      if (answer.status === 401) throw keyRefused(answer);
      if (answer.status !== 200) throw unexpected("token", answer);
      return tokenFrom(jsonObject("token", answer));
    },
    renewCertificate: (call) => renewByService({ ...call, userAgent }),
  };
}

/** Below the base address, whether or not that ends in a slash. */
export function endpoint(baseUrl: string, path: string): URL {
  return new URL(`${baseUrl.replace(/\/+$/, "")}${path}`);
}

function authorization({ apiKey }: ControlPlaneCall): Readonly<Record<string, string>> {
  const accept = { accept: "application/json" };
  return apiKey === "" ? accept : { ...accept, authorization: `Bearer ${apiKey}` };
}

function credentialsOf({
  pair,
  rootPem,
  signal,
}: ControlPlaneCall): Pick<ControlPlaneCall, "pair" | "rootPem" | "signal"> {
  return { pair, rootPem, signal };
}

function keyRefused({ traceId }: HttpAnswer): AppError {
  return new AppError(
    "unauthenticated",
    `the control plane does not know this agent's API key${traced(traceId)}: enrol the agent again`,
  );
}

function unexpected(what: string, { status, traceId, retryAfterMs }: HttpAnswer): AppError {
  return new AppError(
    "bad_answer",
    `the control plane answered the request for a ${what} with status ${status}${traced(traceId)}: expected 200`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

function traced(traceId: string | undefined): string {
  return traceId === undefined ? "" : ` (trace ${traceId.slice(0, STATUS_CHARACTERS_MAX)})`;
}

type JsonObject = Readonly<Record<string, unknown>>;

function jsonObject(what: string, { text }: HttpAnswer): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
  } catch {
    // Told below, without the parser's own words: they quote the text, and it may hold a secret.
  }
  throw new AppError("bad_answer", `the control plane's ${what} is no JSON object`);
}

/** An object without one field of a configuration would blank the agent: something else has answered. */
function configFrom(raw: JsonObject): ConfigAnswer {
  if (!["name", "tls_name", "ipv4", "ipv6"].some((key) => key in raw)) {
    throw new AppError(
      "bad_answer",
      "the answer is no configuration: it has none of name, tls_name, ipv4, ipv6; check the control plane's address",
    );
  }
  return {
    name: textAt({ object: raw, key: "name", charactersMax: NAME_CHARACTERS_MAX }),
    tlsName: textAt({ object: raw, key: "tls_name", charactersMax: NAME_CHARACTERS_MAX }),
    v4: familyFrom(raw, "v4"),
    v6: familyFrom(raw, "v6"),
    tls: tlsFrom(raw),
  };
}

function familyFrom(raw: JsonObject, family: IpFamily): FamilyAnswer {
  const key = family === "v4" ? "ipv4" : "ipv6";
  const object = objectAt(raw, key);
  const text = textAt({ object, key: "ip", charactersMax: STATUS_CHARACTERS_MAX });
  // Without an address there is no monitor of this family, whatever its status says.
  if (text === "") return { status: "", address: undefined };
  const address = parseIpAddress(text);
  if (!address.ok || address.value.family !== family) {
    throw new AppError(
      "bad_answer",
      `the configuration's ${key}.ip is "${text}": expected an IP${family} address`,
    );
  }
  const status = textAt({ object, key: "status", charactersMax: STATUS_CHARACTERS_MAX });
  return { status, address: address.value };
}

/** Half a pair is none: what is stored stays. */
function tlsFrom(raw: JsonObject): ConfigAnswer["tls"] {
  const object = objectAt(raw, "tls");
  const certificatePem = textAt({ object, key: "cert" });
  const keyPem = textAt({ object, key: "key" });
  if (certificatePem === "") return;
  if (keyPem === "") {
    throw new AppError(
      "bad_answer",
      "the configuration has a certificate without its key: it is not used",
    );
  }
  return { certificatePem, keyPem };
}

function tokenFrom(raw: JsonObject): TokenAnswer {
  const token = textAt({ object: raw, key: "access_token", charactersMax: TOKEN_CHARACTERS_MAX });
  if (token === "") throw new AppError("bad_answer", "the control plane's token is empty");
  const seconds = raw["expires_in"];
  const given = typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0;
  return { token, expiresInMs: (given ? seconds : TOKEN_SECONDS) * 1_000 };
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key] ?? {};
  if (typeof value === "object" && !Array.isArray(value)) return value as JsonObject;
  throw new AppError("bad_answer", `the control plane's answer has a ${key} that is no object`);
}

interface TextOptions {
  readonly object: JsonObject;
  readonly key: string;
  readonly charactersMax?: number;
}

function textAt({ object, key, charactersMax = Number.POSITIVE_INFINITY }: TextOptions): string {
  const value = object[key] ?? "";
  if (typeof value === "string" && value.length <= charactersMax) return value;
  throw new AppError(
    "bad_answer",
    `the control plane's answer has a ${key} that is no text of at most ${charactersMax} characters`,
  );
}
