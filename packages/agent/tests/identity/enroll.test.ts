// Enrolment with a one-time token, against a control plane of ours over real TLS: the service as the contract has it, in
// a few lines, with the listener's own root and no public one.

import { createHash } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { agentV1 } from "@truechimer/api";
import {
  type IpAddress,
  isUlid,
  parseIpAddress,
  systemClock,
  systemRandom,
} from "@truechimer/base";
import { parseCertificateRequest } from "@truechimer/pki";
import { silentLogger } from "@truechimer/telemetry";
import { createTestAuthority, type TestAuthority } from "@truechimer/testing-pool-api";
import { describe, expect, onTestFinished, test } from "vitest";
import { type EnrollOptions, enrollAgent } from "../../src/identity/enroll-agent.ts";
import { createHttpClient } from "../../src/identity/http-client.ts";
import { createJsonControlPlane } from "../../src/identity/json-control-plane.ts";
import { ownAddresses } from "../../src/identity/own-addresses.ts";
import { createStateStore, type StateStore } from "../../src/identity/state-store.ts";
import { resolveHost } from "../../src/resolve-host.ts";
import { createMemoryFileSystem, type MemoryFileSystem } from "./_memory-file-system.ts";

const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";
const DIRECTORY = "/var/lib/agent/prod";
const HOUR_NS = 3_600_000_000_000n;

interface Plane {
  readonly authority: TestAuthority;
  readonly url: string;
  readonly token: string;
  readonly enrolments: agentV1.EnrollRequest[];
  /** Bearer tokens and certificates that renewals came with. */
  readonly renewals: { readonly bearer: string | null }[];
  /** Answers are lost on the way. */
  losesAnswers: boolean;
}

interface PlaneOptions {
  readonly tls?: boolean;
  /** Of the answer: another authority's certificates. */
  readonly answers?: TestAuthority;
}

async function usePlane({ tls = true, answers }: PlaneOptions = {}): Promise<Plane> {
  const nowNs = systemClock.nowNs();
  const life = { notBeforeNs: nowNs - HOUR_NS, notAfterNs: nowNs + 24n * HOUR_NS };
  const authority = await createTestAuthority(nowNs);
  const issuing = answers ?? authority;
  const secret = Buffer.from(systemRandom.bytes(32)).toString("base64url");
  const digest = createHash("sha256").update(authority.rootDer).digest("hex");
  const plane = {
    authority,
    url: "",
    token: `tce_${secret}.${digest.slice(0, 32)}`,
    enrolments: [] as agentV1.EnrollRequest[],
    renewals: [] as { bearer: string | null }[],
    losesAnswers: false,
  };
  const handler = connectNodeAdapter({
    routes: (router) => {
      router.service(agentV1.AgentService, {
        enroll: async (request) => {
          if (request.token !== plane.token)
            throw new ConnectError("no such token", Code.Unauthenticated);
          plane.enrolments.push(request);
          if (plane.losesAnswers) throw new ConnectError("the connection broke", Code.Unavailable);
          const certificatePem = await issuing.issueOverRequest({
            name: NAME,
            csrDer: request.csrDer,
            ...life,
          });
          return create(agentV1.EnrollResponseSchema, {
            tlsName: NAME,
            certificatePem,
            rootPem: issuing.rootPem,
            apiKey: "tcm_key",
            agentUrl: plane.url,
          });
        },
        renewCertificate: async (request, context) => {
          plane.renewals.push({ bearer: context.requestHeader.get("authorization") });
          const certificatePem = await issuing.issueOverRequest({
            name: NAME,
            csrDer: request.csrDer,
            ...life,
          });
          return create(agentV1.RenewCertificateResponseSchema, {
            certificatePem,
            rootPem: issuing.rootPem,
          });
        },
      });
    },
  });
  const identity = await authority.issueServer({
    names: ["localhost"],
    addresses: [ip("127.0.0.1")],
    ...life,
  });
  const server = tls
    ? createServer({ cert: identity.certificatePem, key: identity.keyPem }, handler)
    : createHttpServer(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  plane.url = `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return plane;
}

function ip(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function storeOver(files: MemoryFileSystem): StateStore {
  return createStateStore({
    directory: DIRECTORY,
    files,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
}

function enroll(plane: Plane, changes: Partial<EnrollOptions> = {}): Promise<unknown> {
  return enrollAgent({
    serverUrl: plane.url,
    token: plane.token,
    hostname: "zurich",
    addresses: [ip("192.0.2.1")],
    store: storeOver(createMemoryFileSystem()),
    userAgent: "ntppool-agent/v4.1.5/truechimer-0.1.0 (test)",
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
    ...changes,
  }).catch((error: unknown) => error);
}

describe("an enrolment", () => {
  test("turns a token into a certificate over a key that was made here", async () => {
    const plane = await usePlane();
    const files = createMemoryFileSystem();
    const enrolled = await enroll(plane, { store: storeOver(files) });
    expect(enrolled).toMatchObject({ tlsName: NAME, agentUrl: plane.url });
    expect(plane.enrolments).toMatchObject([{ hostname: "zurich", addresses: ["192.0.2.1"] }]);
    expect(isUlid(plane.enrolments[0]?.enrolmentId ?? "")).toBe(true);
    const stored = await storeOver(files).read();
    expect(stored).toMatchObject({
      state: { apiKey: "tcm_key", tlsName: NAME },
      enrolment: { serverUrl: plane.url, agentUrl: plane.url },
      rootPem: plane.authority.rootPem,
      damaged: [],
      pairIncomplete: false,
    });
    expect(stored.pair?.dnsNames).toEqual([NAME]);
    expect(files.paths().filter((path) => path.includes("pending"))).toEqual([]);
  });

  test("whose answer was lost is sent again under the same id, for the same key", async () => {
    const plane = await usePlane();
    const files = createMemoryFileSystem();
    plane.losesAnswers = true;
    expect(await enroll(plane, { store: storeOver(files) })).toMatchObject({
      code: "peer_unreachable",
    });
    plane.losesAnswers = false;
    expect(await enroll(plane, { store: storeOver(files.afterKill()) })).toMatchObject({
      tlsName: NAME,
    });
    const [first, second] = plane.enrolments;
    expect(second?.enrolmentId).toBe(first?.enrolmentId);
    expect(publicKeyOf(second)).toBe(publicKeyOf(first));
  });

  test("with another token is another enrolment, for another key", async () => {
    const plane = await usePlane();
    const files = createMemoryFileSystem();
    const other = plane.token.replace(/^tce_.{4}/, "tce_AAAA");
    expect(await enroll(plane, { store: storeOver(files), token: other })).toMatchObject({
      code: "unauthenticated",
    });
    await enroll(plane, { store: storeOver(files) });
    expect(plane.enrolments).toHaveLength(1);
  });

  test("sends nothing to a server that does not show the root which the token names", async () => {
    const plane = await usePlane();
    const stranger = await usePlane();
    const error = await enroll(plane, { serverUrl: stranger.url });
    expect(error).toMatchObject({
      code: "enrolment_refused",
      message: expect.stringContaining("stand in between"),
    });
    expect(stranger.enrolments).toEqual([]);
  });

  test("without TLS is held against the token's root too", async () => {
    const honest = await usePlane({ tls: false });
    expect(await enroll(honest)).toMatchObject({ tlsName: NAME });
    const answers = await createTestAuthority(systemClock.nowNs());
    const wrong = await usePlane({ tls: false, answers });
    const files = createMemoryFileSystem();
    expect(await enroll(wrong, { store: storeOver(files) })).toMatchObject({ code: "bad_answer" });
    expect((await storeOver(files).read()).pair).toBeUndefined();
  });

  test.each(["", "tce_short", "tcm_0123456789", `tce_${"A".repeat(43)}.xyz`])(
    "with %j, which is no token, is not even tried, and the token is not repeated",
    async (token) => {
      const plane = await usePlane();
      const error = await enroll(plane, { token });
      expect(error).toMatchObject({
        code: "usage",
        message: expect.stringContaining("as the dashboard shows it"),
      });
      if (token !== "") expect((error as Error).message).not.toContain(token);
    },
  );

  test("with nobody there says so", async () => {
    const plane = await usePlane();
    expect(await enroll(plane, { serverUrl: "https://127.0.0.1:1" })).toMatchObject({
      code: "peer_unreachable",
    });
  });
});

describe("a renewal", () => {
  test("is over a fresh key, with the certificate or the token that the agent has", async () => {
    const plane = await usePlane();
    const userAgent = "ntppool-agent/v4.1.5/truechimer-0.1.0 (test)";
    const controlPlane = createJsonControlPlane({
      send: createHttpClient({ clock: systemClock, userAgent }),
      userAgent,
    });
    const files = createMemoryFileSystem();
    await enroll(plane, { store: storeOver(files) });
    const { pair, rootPem } = await storeOver(files).read();
    const csrDer = plane.enrolments[0]?.csrDer ?? new Uint8Array();
    const call = {
      apiUrl: plane.url,
      monitorUrl: plane.url,
      apiKey: "tcm_key",
      rootPem,
      csrDer,
      signal: new AbortController().signal,
    };
    expect(await controlPlane.renewCertificate({ ...call, pair, bearer: "jwt" })).toMatchObject({
      rootPem,
    });
    expect(
      await controlPlane.renewCertificate({ ...call, pair: undefined, bearer: "jwt" }),
    ).toBeDefined();
    expect(plane.renewals).toEqual([{ bearer: "Bearer jwt" }, { bearer: "Bearer jwt" }]);
  });
});

describe("the host's own addresses", () => {
  test("are those that it would reach the control plane from, at most one a family", async () => {
    const addresses = await ownAddresses({
      serverUrl: "http://127.0.0.1:8123",
      families: ["v4"],
      resolveHost,
    });
    expect(addresses.map(({ text }) => text)).toEqual(["127.0.0.1"]);
  });
});

function publicKeyOf(request: agentV1.EnrollRequest | undefined): string {
  const parsed = parseCertificateRequest(request?.csrDer ?? new Uint8Array());
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value.facts.publicKey.der.toHex();
}
