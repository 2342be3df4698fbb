// The agent's HTTP side against a control plane as the NTP Pool's, over real sockets. That one holds every message
// against the contract; here it must have found nothing.

import type { LookupOptions } from "node:dns";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import {
  AppError,
  type IpAddress,
  type IpFamily,
  parseIpAddress,
  systemClock,
  systemRandom,
  unsafelyDeterministicRandom,
} from "@truechimer/base";
import { createPoolApi, createTestAuthority, type PoolApi } from "@truechimer/testing-pool-api";
import { createVirtualClock } from "@truechimer/testing-sim";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseCertificatePair } from "../../src/identity/certificate-pair.ts";
import type { ControlPlaneCall } from "../../src/identity/control-plane.ts";
import {
  createHttpClient,
  type HttpAnswer,
  type SendHttp,
} from "../../src/identity/http-client.ts";
import { createJsonControlPlane } from "../../src/identity/json-control-plane.ts";
import {
  type RegistrationOptions,
  type RegistrationProgress,
  registerAgent,
} from "../../src/identity/register-agent.ts";

const NAME = "zurich-1gw2pjj.devel.mon.truechimer.internal";
const USER_AGENT = "ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)";

function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

async function usePool(families?: readonly IpFamily[]): Promise<PoolApi> {
  const authority = await createTestAuthority(systemClock.nowNs());
  const pool = await createPoolApi({
    authority,
    clock: systemClock,
    tlsName: NAME,
    ...(families === undefined ? {} : { families }),
  });
  onTestFinished(() => pool[Symbol.asyncDispose]());
  return pool;
}

/** Registration polls as fast as the machine allows: the pauses are those of a virtual clock that nobody watches. */
const send = createHttpClient({ clock: systemClock, userAgent: USER_AGENT, lookup: loopbacks });

/** "localhost" has an address in each family, whatever this host's own files say. */
function loopbacks(
  _host: string,
  { family, all }: LookupOptions,
  callback: Parameters<LookupFunction>[2],
): void {
  const both = [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ];
  const wanted = both.filter(
    (one) => family === undefined || family === 0 || one.family === family,
  );
  const [first] = wanted;
  if (all === true) callback(null, wanted);
  else callback(null, first?.address ?? "", first?.family);
}

function callTo(pool: PoolApi, apiKey: string = pool.apiKey): ControlPlaneCall {
  return {
    apiUrl: pool.apiUrl,
    monitorUrl: pool.monitorUrl,
    apiKey,
    pair: undefined,
    rootPem: undefined,
    signal: new AbortController().signal,
  };
}

const plane = createJsonControlPlane({ send, userAgent: USER_AGENT });

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("the configuration", () => {
  test("is fetched with the API key, and read field by field", async () => {
    const pool = await usePool();
    pool.monitors.set("v4", { address: ip("192.0.2.1"), status: "active" });
    pool.monitors.set("v6", { address: ip("2001:db8::1"), status: "pending" });
    const answer = await plane.fetchConfig({ ...callTo(pool), requestCertificate: false });
    expect(answer).toEqual({
      name: "zurich-1gw2pjj",
      tlsName: NAME,
      v4: { status: "active", address: ip("192.0.2.1") },
      v6: { status: "pending", address: ip("2001:db8::1") },
      tls: undefined,
    });
    expect(pool.requests).toEqual(["/monitor/api/config"]);
    expect(pool.problems).toEqual([]);
  });

  test("brings certificate and key when they are asked for and a monitor works", async () => {
    const pool = await usePool();
    const ask = () => plane.fetchConfig({ ...callTo(pool), requestCertificate: true });
    pool.monitors.set("v4", { address: ip("192.0.2.1"), status: "pending" });
    expect((await ask()).tls).toBeUndefined();
    pool.monitors.set("v4", { address: ip("192.0.2.1"), status: "testing" });
    const { tls } = await ask();
    expect(tls && parseCertificatePair(tls)).toMatchObject({
      ok: true,
      value: { dnsNames: [NAME] },
    });
    expect(pool.requests.at(-1)).toBe("/monitor/api/config?request_certificate=true");
    expect(pool.problems).toEqual([]);
  });

  test("with another key is unauthenticated, and the message has no secret", async () => {
    const pool = await usePool();
    const error = await failureOf(
      plane.fetchConfig({ ...callTo(pool, "tcm_wrong_secret"), requestCertificate: false }),
    );
    expect(error).toMatchObject({ code: "unauthenticated" });
    expect(String(error)).toContain("trace 0af7651916cd43dd8448eb211c80319c");
    expect(String(error)).not.toContain("wrong_secret");
  });

  test.each([
    { name: "a status of 500", status: 500, body: "{}", says: "status 500" },
    { name: "no JSON", status: 200, body: "<html>", says: "no JSON object" },
    { name: "a list", status: 200, body: "[]", says: "no JSON object" },
    { name: "an empty object", status: 200, body: "{}", says: "none of name, tls_name" },
    { name: "a name that is no text", status: 200, body: '{"name":7}', says: "name" },
    {
      name: "an address of the other family",
      status: 200,
      body: '{"name":"x","ipv6":{"status":"active","ip":"192.0.2.1"}}',
      says: "expected an IPv6 address",
    },
    {
      name: "an address that is none",
      status: 200,
      body: '{"name":"x","ipv4":{"status":"active","ip":"x"}}',
      says: "expected an IPv4 address",
    },
    {
      name: "a certificate without its key",
      status: 200,
      body: '{"name":"x","tls":{"cert":"x"}}',
      says: "without its key",
    },
    {
      name: "an endless text",
      status: 200,
      body: `{"name":"${"x".repeat(300_000)}"}`,
      says: "longer than",
    },
  ])("that is $name is a bad answer, and says so", async ({ status, body, says }) => {
    const pool = await usePool();
    pool.faults.set("/monitor/api/config", { status, body });
    const error = await failureOf(
      plane.fetchConfig({ ...callTo(pool), requestCertificate: false }),
    );
    expect(error).toMatchObject({ code: "bad_answer", message: expect.stringContaining(says) });
  });

  test("of a family without an address has no status either", async () => {
    const pool = await usePool();
    pool.faults.set("/monitor/api/config", {
      status: 200,
      body: '{"name":"x","ipv4":{"status":"active","ip":""},"ipv6":null,"later":{}}',
    });
    const answer = await plane.fetchConfig({ ...callTo(pool), requestCertificate: false });
    expect(answer.v4).toEqual({ status: "", address: undefined });
  });

  test("from nobody is peer_unreachable, with the remedy and the system's error as cause", async () => {
    const call = { ...callTo(await usePool()), apiUrl: "http://127.0.0.1:1" };
    const error = await failureOf(plane.fetchConfig({ ...call, requestCertificate: false }));
    expect(error).toMatchObject({
      code: "peer_unreachable",
      message: expect.stringMatching(/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\): check/),
      cause: expect.any(Error),
    });
  });
});

describe("the token", () => {
  test("is fetched with the API key, and is the control plane's", async () => {
    const pool = await usePool();
    const { token, expiresInMs } = await plane.fetchToken(callTo(pool));
    expect(token.split(".")).toHaveLength(3);
    expect(expiresInMs).toBe(3_600_000);
    expect(pool.problems).toEqual([]);
  });

  test.each([
    { name: "no token in it", status: 200, body: "{}", code: "bad_answer" },
    { name: "another 2xx", status: 204, body: "", code: "bad_answer" },
    { name: "a refusal", status: 401, body: "{}", code: "unauthenticated" },
  ])("with $name is $code", async ({ status, body, code }) => {
    const pool = await usePool();
    pool.faults.set("/api/oidc/token", { status, body });
    expect(await failureOf(plane.fetchToken(callTo(pool)))).toMatchObject({ code });
  });

  test.each(["0", "null", '"3600"'])(
    "whose life is %s is taken to live for an hour",
    async (life) => {
      const pool = await usePool();
      pool.faults.set("/api/oidc/token", {
        status: 200,
        body: `{"access_token":"t","expires_in":${life}}`,
      });
      expect(await plane.fetchToken(callTo(pool))).toEqual({ token: "t", expiresInMs: 3_600_000 });
    },
  );
});

describe("a control plane without our service for certificates", () => {
  test("is known by its answer", async () => {
    const pool = await usePool();
    const call = { ...callTo(pool), csrDer: Uint8Array.of(1), bearer: undefined };
    const { rootPem } = await createTestAuthority(systemClock.nowNs());
    // The JSON host has no such path; neither has the Connect host, whose certificate is not that root's.
    expect(await plane.renewCertificate({ ...call, monitorUrl: pool.apiUrl })).toBeUndefined();
    expect(await failureOf(plane.renewCertificate({ ...call, rootPem }))).toBeInstanceOf(AppError);
  });
});

describe("one request", () => {
  async function useServer(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  const REQUEST = {
    method: "GET" as const,
    headers: {},
    times: { connectMs: 1_000, headersMs: 2_000, totalMs: 3_000 },
  };

  test.each([
    { name: "no headers", phase: "headers", afterMs: 2_000, listener: () => {} },
    {
      name: "headers and no end",
      phase: "total",
      afterMs: 3_000,
      listener: ((_request, response) => {
        response.writeHead(200).write("x");
      }) satisfies RequestListener,
    },
  ])("is given up after its time when there are $name", async ({ phase, afterMs, listener }) => {
    const heard = Promise.withResolvers<undefined>();
    const url = await useServer((request, response) => {
      listener(request, response);
      heard.resolve(undefined);
    });
    const clock = createVirtualClock();
    const impatient = createHttpClient({ clock, userAgent: USER_AGENT });
    const asked = failureOf(impatient({ ...REQUEST, url, signal: new AbortController().signal }));
    await heard.promise;
    await expect.poll(() => clock.timersPending()).toBe(phase === "total" ? 1 : 2);
    await clock.advance(afterMs);
    expect(await asked).toMatchObject({
      code: "peer_unreachable",
      message: expect.stringContaining(`(${phase})`),
    });
    expect(clock.timersPending()).toBe(0);
  });

  test("is ended by its signal, with the reason", async () => {
    const controller = new AbortController();
    const url = await useServer(() => controller.abort(new Error("enough")));
    await expect(send({ ...REQUEST, url, signal: controller.signal })).rejects.toThrow("enough");
  });

  test("does not follow a redirect with its credentials", async () => {
    let asked = 0;
    const url = await useServer((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    const answer = await send({ ...REQUEST, url, signal: new AbortController().signal });
    expect(answer.status).toBe(302);
    expect(asked).toBe(1);
  });

  test("goes through a proxy where one is set", async () => {
    const seen: string[] = [];
    const proxy = await useServer((request, response) => {
      seen.push(request.url ?? "");
      response.end("through");
    });
    const client = createHttpClient({
      clock: systemClock,
      userAgent: USER_AGENT,
      proxyVariables: { HTTP_PROXY: proxy },
    });
    const answer = await client({
      ...REQUEST,
      url: "http://pool.example/x",
      signal: new AbortController().signal,
    });
    expect(answer.text).toBe("through");
    expect(seen).toEqual(["http://pool.example/x"]);
  });
});

interface Registering {
  readonly progress: RegistrationProgress[];
  readonly result: Promise<unknown>;
  readonly controller: AbortController;
}

function register(apiUrl: string, changes: Partial<RegistrationOptions> = {}): Registering {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const progress: RegistrationProgress[] = [];
  const result = registerAgent({
    apiUrl,
    families: ["v4"],
    hostname: "zurich.example.net",
    account: "default",
    send,
    clock: { ...clock, setTimer: (_delayMs, callback) => systemClock.setTimer(0, callback) },
    random: systemRandom,
    onProgress: (one) => progress.push(one),
    signal: controller.signal,
    ...changes,
  }).catch((error: unknown) => error);
  return { progress, result, controller };
}

describe("a registration", () => {
  test("shows the address once, waits for a person, and ends with the key", async () => {
    const pool = await usePool();
    const { progress, result } = register(pool.apiUrl);
    await expect.poll(() => pool.requests.length).toBeGreaterThan(5);
    pool.decision = "accepted";
    expect(await result).toEqual({ kind: "accepted", apiKey: pool.apiKey });
    expect(progress).toEqual([{ kind: "url", url: expect.stringContaining("/monitors/new?id=") }]);
    expect(pool.registrations).toHaveLength(1);
    expect(pool.problems).toEqual([]);
  });

  test("is posted over both families under one id, and the address is shown when both are known", async () => {
    const pool = await usePool(["v4", "v6"]);
    const { progress, result } = register(pool.apiUrl, { families: ["v4", "v6"] });
    await expect.poll(() => progress.length).toBe(1);
    pool.decision = "accepted";
    await result;
    expect(pool.registrations).toHaveLength(1);
    expect(pool.registrations[0]?.families).toEqual(new Set(["v4", "v6"]));
    expect(pool.problems).toEqual([]);
  });

  test("goes on with one family when the other has no way, and says so", async () => {
    const pool = await usePool();
    const { progress, result } = register(pool.apiUrl, { families: ["v4", "v6"] });
    await expect.poll(() => progress.some(({ kind }) => kind === "url")).toBe(true);
    pool.decision = "accepted";
    expect(await result).toMatchObject({ kind: "accepted" });
    expect(progress[0]).toMatchObject({ kind: "family_unreachable", family: "v6" });
  });

  test("fails when the only family has no way", async () => {
    const { result } = register("http://127.0.0.1:1");
    expect(await result).toMatchObject({ code: "peer_unreachable" });
  });

  test("wants at least one family", async () => {
    const pool = await usePool();
    expect(await register(pool.apiUrl, { families: [] }).result).toMatchObject({ code: "usage" });
    expect(pool.requests).toEqual([]);
  });

  test.each([
    { decision: "rejected", says: "the registration was rejected" },
    { decision: "cancelled", says: "the registration was cancelled" },
  ] as const)("that a person $decision ends, and says so", async ({ decision, says }) => {
    const pool = await usePool();
    const { result } = register(pool.apiUrl);
    await expect.poll(() => pool.requests.length).toBeGreaterThan(2);
    pool.decision = decision;
    expect(await result).toMatchObject({
      code: "enrolment_refused",
      message: expect.stringContaining(says),
    });
  });

  test("that was completed before ends without a key", async () => {
    const pool = await usePool();
    pool.decision = "completed";
    expect(await register(pool.apiUrl).result).toEqual({ kind: "completed" });
  });

  test.each([
    {
      name: "a text",
      answer: {
        status: 200,
        type: "text/plain; charset=utf-8",
        body: "too many monitors\u001b[2J\n",
      },
      code: "enrolment_refused",
      says: "too many monitors",
    },
    {
      name: "a refusal in JSON",
      answer: { status: 403, type: "application/json", body: '{"message":"no such account"}' },
      code: "enrolment_refused",
      says: "no such account",
    },
    {
      name: "acceptance without a key",
      answer: { status: 200, type: "application/json", body: '{"Status":"accepted"}' },
      code: "bad_answer",
      says: "no API key",
    },
    {
      name: "a web page",
      answer: { status: 200, type: "text/html", body: "<html>" },
      code: "bad_answer",
      says: "text/html",
    },
    {
      name: "no JSON",
      answer: { status: 200, type: "application/json", body: "{" },
      code: "bad_answer",
      says: "no JSON object",
    },
  ])("that is answered with $name ends, and says so", async ({ answer, code, says }) => {
    const pool = await usePool();
    pool.registrationAnswer = answer;
    const error = await register(pool.apiUrl).result;
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
    expect((error as Error).message).not.toContain("\u001b");
  });

  test("waits out a control plane that fails", async () => {
    const pool = await usePool();
    pool.registrationAnswer = { status: 503, type: "text/plain", body: "in a minute" };
    const { progress, result } = register(pool.apiUrl);
    await expect.poll(() => progress.length).toBeGreaterThan(1);
    pool.registrationAnswer = undefined;
    pool.decision = "accepted";
    expect(await result).toMatchObject({ kind: "accepted" });
    expect(progress[0]).toEqual({ kind: "waiting", status: 503, message: "in a minute" });
  });

  test("with a key that is not known any more goes on without it", async () => {
    const keys: (string | undefined)[] = [];
    const pool = await usePool();
    const once: SendHttp = async (request) => {
      keys.push(request.headers["authorization"]);
      if (keys.length > 1) return send(request);
      return answerOf({ status: 401 });
    };
    pool.decision = "accepted";
    const { progress, result } = register(pool.apiUrl, { apiKey: "pool_old", send: once });
    expect(await result).toMatchObject({ kind: "accepted" });
    expect(progress[0]).toEqual({ kind: "key_refused" });
    expect(keys).toEqual(["Bearer pool_old", undefined]);
    expect(pool.problems).toEqual([]);
  });

  test("shows no address that a browser may not open", async () => {
    const pool = await usePool();
    pool.registrationAnswer = {
      status: 200,
      type: "application/json",
      body: '{"URL":"javascript:alert(1)","Status":"pending"}',
    };
    const { progress, controller } = register(pool.apiUrl);
    await expect.poll(() => pool.requests.length).toBeGreaterThan(3);
    controller.abort(new Error("enough"));
    expect(progress).toEqual([]);
  });
});

function answerOf(changes: Partial<HttpAnswer>): HttpAnswer {
  return {
    status: 200,
    mediaType: "application/json",
    text: '{"Status":"pending"}',
    traceId: undefined,
    retryAfterMs: undefined,
    family: "v4",
    ...changes,
  };
}

describe("the pauses of a registration", () => {
  test("are 200 ms until there is an address, 5 s after it, 10 s after a failure, and a day at most", async () => {
    const clock = createVirtualClock();
    const rests: number[] = [];
    const answers = [
      answerOf({}),
      answerOf({}),
      answerOf({ status: 502 }),
      answerOf({ text: '{"URL":"https://pool.example/x","Status":"pending"}' }),
    ];
    const result = registerAgent({
      apiUrl: "https://pool.example",
      families: ["v4"],
      send: async () => answers.shift() ?? answerOf({}),
      clock: {
        ...clock,
        setTimer: (delayMs, callback) => {
          rests.push(delayMs);
          return clock.setTimer(delayMs, callback);
        },
      },
      random: unsafelyDeterministicRandom(1),
      onProgress: () => {},
      signal: new AbortController().signal,
    }).catch((error: unknown) => error);
    expect(await clock.advanceUntil(result)).toMatchObject({
      code: "enrolment_refused",
      message: expect.stringContaining("neither approved nor refused"),
    });
    expect(rests.slice(0, 6)).toEqual([200, 200, 10_000, 5_000, 5_000, 5_000]);
    expect(rests.length).toBeGreaterThan(17_000);
  });

  test("grow to 5 s when a control plane never shows an address", async () => {
    const clock = createVirtualClock();
    let asked = 0;
    const controller = new AbortController();
    const result = registerAgent({
      apiUrl: "https://pool.example",
      families: ["v4"],
      send: async () => {
        asked += 1;
        return answerOf({});
      },
      clock,
      random: unsafelyDeterministicRandom(1),
      onProgress: () => {},
      signal: controller.signal,
    }).catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(asked).toBeLessThan(40);
    controller.abort(new Error("enough"));
    expect(await result).toMatchObject({ message: "enough" });
    expect(clock.timersPending()).toBe(0);
  });
});
