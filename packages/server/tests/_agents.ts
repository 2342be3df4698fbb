// Agents as the control plane meets them: plain HTTP as the NTP Pool's agents speak it, and enrolments of ours.

import { type IncomingHttpHeaders, request } from "node:http";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { agentV1 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { createCertificateRequest, generateSigner } from "@truechimer/pki";

const POOL_AGENT = "ntppool-agent/v4.1.5/abcdef1 (2026-04-28T00:00:00Z, go1.26)";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of ours, so that the control plane sees the request come from it. */
  readonly localAddress?: string;
}

/** Raw: no header that was not asked for but Host and Content-Length. */
export function askHttp(url: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const { method = "GET", headers = {}, body, localAddress } = call;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers, agent: false, ...(localAddress === undefined ? {} : { localAddress }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

export function newUlid(): string {
  return createUlid(systemClock, systemRandom);
}

export interface RegistrationAnswer {
  readonly URL: string;
  readonly Status: string;
  readonly APIToken?: string;
  readonly Reason?: string;
}

export interface RegistrationCall extends HttpCall {
  readonly registrationId: string;
  readonly form?: Readonly<Record<string, string>>;
}

/** POST /monitor/api/registration, as the NTP Pool's agent sends it. */
export function register(baseUrl: string, call: RegistrationCall): Promise<HttpAnswer> {
  const { registrationId, form = { hostname: "zurich" }, headers = {}, localAddress } = call;
  return askHttp(`${baseUrl}/monitor/api/registration`, {
    method: "POST",
    body: new URLSearchParams(form).toString(),
    headers: {
      "user-agent": POOL_AGENT,
      accept: "application/json, text/plain",
      "content-type": "application/x-www-form-urlencoded",
      "registration-id": registrationId,
      ...headers,
    },
    ...(localAddress === undefined ? {} : { localAddress }),
  });
}

export async function registered(
  baseUrl: string,
  call: RegistrationCall,
): Promise<RegistrationAnswer> {
  const answer = await register(baseUrl, call);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body) as RegistrationAnswer;
}

/** Ours, for people: the last part of the approval page's address. */
export function registrationIdIn(answer: RegistrationAnswer): string {
  return answer.URL.split("/").at(-1) ?? "";
}

/** A certificate request with a fresh key, without a name. */
export async function newCsr(): Promise<Uint8Array> {
  return createCertificateRequest(await generateSigner("P-256"));
}

export function agentClient(baseUrl: string, bearer?: string): Client<typeof agentV1.AgentService> {
  const authorize: Interceptor = (next) => (call) => {
    if (bearer !== undefined) call.header.set("authorization", `Bearer ${bearer}`);
    return next(call);
  };
  return createClient(
    agentV1.AgentService,
    createConnectTransport({ baseUrl, httpVersion: "1.1", interceptors: [authorize] }),
  );
}
