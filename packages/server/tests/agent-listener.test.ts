// The agents' listener over real TLS.

import { createHash } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { createVirtualClock, type VirtualClock } from "@truechimer/testing-sim";
import { describe, expect, test, vi } from "vitest";
import { AGENT_SETTINGS } from "../src/agent-settings.ts";
import { type AgentKeyPair, askAsAgent, GET_CONFIG, keptConnection } from "./_agent-client.ts";
import { authorityOn, MASTER_KEY } from "./_master-key.ts";
import { ip, startServer, useServer } from "./_test-server.ts";

const database = await useDatabase();
const strangers = await useDatabase();
const daysAgo = await useDatabase();
const LISTEN = { host: "127.0.0.1", port: 0 };
const WITH_AGENTS = { masterKey: MASTER_KEY, agents: { listen: LISTEN } };
const { server } = await useServer(database, WITH_AGENTS);
const ca = authorityOn(database);
const rootPem = await ca.rootPem();
const url = server.agentsUrl ?? "";
const DAY_NS = 86_400_000_000_000n;
const MON = "10.1.2.3";
const NAME = "zurich-1gw2pjj.prod.mon.truechimer.internal";

const { token } = await server.createMonitor({ name: "zurich", address: ip(MON) });
await database.pool.query("update monitors set tls_name = $1 where ip = $2", [NAME, MON]);
const body = JSON.stringify({ monId: MON });
const pairOf = (tlsName = NAME): Promise<AgentKeyPair> =>
  ca.issueAgentCertificateWithKey({ tlsName });

describe("who gets in", () => {
  test("an agent with its certificate and nothing else", async () => {
    const answer = await askAsAgent({ url, rootPem, body, pair: await pairOf() });
    expect(answer.body).toContain("samples");
    expect(answer.status).toBe(200);
  });

  test("an agent without a certificate, by its key", async () => {
    const answer = await askAsAgent({ url, rootPem, body, token });
    expect(answer.status).toBe(200);
  });

  test("nobody without either", async () => {
    const answer = await askAsAgent({ url, rootPem, body });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatch(/certificate or an agent's key is needed/);
  });

  test.each([
    {
      name: "of another control plane's authority",
      pair: () => authorityOn(strangers).issueAgentCertificateWithKey({ tlsName: NAME }),
      reason: /refused: it was issued by Truechimer issuing [0-9a-f]{8}, which is not one of ours/,
    },
    {
      name: "that is a server's",
      pair: () => ca.issueServerCertificate({ dnsNames: [NAME], ipAddresses: [] }),
      reason: /not for a client/,
    },
    {
      name: "that was revoked",
      pair: async () => {
        const revoked = "bern-1gw2pjj.prod.mon.truechimer.internal";
        const pair = await pairOf(revoked);
        await ca.revokeAgentCertificates({ tlsName: revoked });
        return pair;
      },
      reason: /was revoked/,
    },
  ])("a certificate $name is refused with the reason, also beside a good key", async (wrong) => {
    const answer = await askAsAgent({ url, rootPem, body, token, pair: await wrong.pair() });
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "unauthenticated",
      message: expect.stringMatching(wrong.reason),
    });
    expect(answer.headers["truechimer-error-code"]).toBe("unauthenticated");
    expect(answer.headers["connection"]).toBe("close");
  });

  test("a certificate without its key gets nowhere", async () => {
    const [one, other] = [await pairOf(), await pairOf()];
    const mixed = { certificatePem: one.certificatePem, keyPem: other.keyPem };
    await expect(askAsAgent({ url, rootPem, body, pair: mixed })).rejects.toThrow(/key/);
  });
});

describe("on an open connection", () => {
  test("the certificate is verified once, and a revocation is seen within seconds", async () => {
    const clock = ownClock();
    const own = await startServer(database, { ...WITH_AGENTS, clock });
    const name = "genf-1gw2pjj.prod.mon.truechimer.internal";
    const connection = keptConnection();
    try {
      const ask = async () =>
        askAsAgent({
          url: own.server.agentsUrl ?? "",
          rootPem,
          body,
          connection,
          pair: await pair,
        });
      const pair = pairOf(name);
      // The agent has no monitor, so its calls go no further; but it is known.
      expect((await ask()).body).not.toMatch(/certificate is refused/);
      await ca.revokeAgentCertificates({ tlsName: name });
      expect((await ask()).body).not.toMatch(/certificate is refused/);
      await clock.advance(6_000);
      const refused = await ask();
      expect(refused.body).toMatch(/was revoked/);
      expect(refused.headers["connection"]).toBe("close");
    } finally {
      connection.destroy();
      await own.server[Symbol.asyncDispose]();
    }
  });

  test("the agent is asked to come anew in the last sixth of the life, and refused after its end", async () => {
    const clock = ownClock();
    const own = await startServer(database, { ...WITH_AGENTS, clock });
    const pair = await authorityOn(database, {
      agents: { ...AGENT_SETTINGS, certificateLifetimeMs: 600_000 },
    }).issueAgentCertificateWithKey({ tlsName: NAME });
    try {
      const ask = () =>
        askAsAgent({ url: own.server.agentsUrl ?? "", rootPem, body, pair, connection });
      const connection = keptConnection();
      expect((await ask()).headers["connection"]).toBe("keep-alive");
      await clock.advance(480_000);
      expect((await ask()).headers["connection"]).toBe("keep-alive");
      await clock.advance(20_000);
      const late = await ask();
      expect(late.status).toBe(200);
      expect(late.headers["connection"]).toBe("close");
      await clock.advance(110_000);
      const over = await ask();
      expect(over.status).toBe(401);
      expect(over.body).toMatch(/has expired/);
      connection.destroy();
    } finally {
      await own.server[Symbol.asyncDispose]();
    }
  });

  test("no TLS session is resumed, so a new certificate is used at once", async () => {
    const pair = await pairOf();
    const first = await tlsSocket(pair);
    const session = await new Promise<Buffer>((resolve) => {
      first.once("session", resolve);
      // A server that keeps no sessions may send none at all.
      first.once("close", () => resolve(Buffer.alloc(0)));
      first.end();
    });
    if (session.length > 0) {
      const second = await tlsSocket(pair, session);
      expect(second.isSessionReused()).toBe(false);
      second.destroy();
    }
  });
});

describe("the listener's own certificate", () => {
  test("is of our authority, and the chain ends with the root that a token names", async () => {
    const socket = await tlsSocket();
    const leaf = socket.getPeerX509Certificate();
    expect(leaf?.subjectAltName).toBe(
      "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    let last = socket.getPeerCertificate(true);
    while (last.issuerCertificate !== undefined && last.issuerCertificate !== last) {
      if (last.issuerCertificate.fingerprint256 === last.fingerprint256) break;
      last = last.issuerCertificate;
    }
    expect(createHash("sha256").update(last.raw).digest("hex")).toBe(await ca.rootFingerprint());
    socket.destroy();
  });

  test("is replaced in time without a dropped connection", async () => {
    // Clients have the host's clock, so this one begins in the past.
    const clock = createVirtualClock({ startNs: systemClock.nowNs() - 5n * DAY_NS });
    const own = await startServer(daysAgo, { ...WITH_AGENTS, clock });
    const ownRoot = await authorityOn(daysAgo).rootPem();
    const connection = keptConnection();
    const ownUrl = own.server.agentsUrl ?? "";
    try {
      const ask = (kept: boolean) =>
        askAsAgent({ url: ownUrl, rootPem: ownRoot, ...(kept && { connection }) });
      const before = await ask(true);
      const serial = before.socket.getPeerX509Certificate()?.serialNumber;
      await clock.advance(5 * 86_400_000);
      await vi.waitFor(async () => {
        const fresh = await ask(false);
        expect(fresh.socket.getPeerX509Certificate()?.serialNumber).not.toBe(serial);
      }, 20_000);
      const again = await ask(true);
      expect(again.status).toBe(401);
      expect(again.socket).toBe(before.socket);
    } finally {
      connection.destroy();
      await own.server[Symbol.asyncDispose]();
    }
  });

  test("bears the public name where one is configured", async () => {
    const own = await startServer(database, {
      masterKey: MASTER_KEY,
      agents: { listen: LISTEN, publicUrl: "https://agents.example.net:8124" },
    });
    try {
      const { port } = new URL(own.server.agentsUrl ?? "");
      const socket = await tlsSocket(undefined, undefined, Number(port), "agents.example.net");
      expect(socket.authorized).toBe(true);
      socket.destroy();
    } finally {
      await own.server[Symbol.asyncDispose]();
    }
  });
});

describe("limits", () => {
  test("nothing for people is there", async () => {
    for (const path of ["/", "/metrics", "/truechimer.admin.v1.AdminService/GetOverview"]) {
      expect((await askAsAgent({ url, rootPem, path })).status).toBe(404);
    }
  });

  test("TLS 1.1 is refused", async () => {
    await expect(tlsSocket(undefined, undefined, undefined, undefined, "TLSv1.1")).rejects.toThrow(
      /version|protocol/i,
    );
  });

  test("plain HTTP gets no answer", async () => {
    await expect(fetch(`${url.replace("https", "http")}${GET_CONFIG}`)).rejects.toThrow();
  });

  test("who connects and says nothing is let go", async () => {
    const own = await startServer(database, {
      ...WITH_AGENTS,
      limits: { handshakeTimeoutMs: 200 },
    });
    await (await silentSocket(own.server.agentsUrl)).closed;
    await own.server[Symbol.asyncDispose]();
  });

  test("who connects and says nothing does not hold up a stop", async () => {
    const own = await startServer(database, {
      ...WITH_AGENTS,
      limits: { handshakeTimeoutMs: 60_000 },
    });
    const { closed } = await silentSocket(own.server.agentsUrl);
    await own.server[Symbol.asyncDispose]();
    await closed;
  });

  test("a port in use is named with the setting that changes it", async () => {
    const { port } = new URL(url);
    await expect(
      startServer(database, {
        masterKey: MASTER_KEY,
        agents: { listen: { host: "127.0.0.1", port: Number(port) } },
      }),
    ).rejects.toMatchObject({
      code: "port_in_use",
      message: expect.stringContaining("agents.port"),
    });
  });

  test("a port in use is let be where any other will do", async () => {
    const { port } = new URL(url);
    const own = await startServer(database, {
      masterKey: MASTER_KEY,
      agents: { listen: { host: "127.0.0.1", port: Number(port), orFreePort: true } },
    });
    expect(own.server.agentsUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(own.server.agentsUrl).not.toBe(url);
    await own.server[Symbol.asyncDispose]();
  });
});

test("without a master key there is no such listener", async () => {
  const own = await startServer(strangers, { agents: { listen: LISTEN } });
  expect(own.server.agentsUrl).toBeUndefined();
  await own.server[Symbol.asyncDispose]();
});

/** Begins with the host's time, because certificates and the database have it, and stands still. */
function ownClock(): VirtualClock {
  return createVirtualClock({ startNs: systemClock.nowNs() });
}

async function silentSocket(to = ""): Promise<{ readonly closed: Promise<void> }> {
  const socket = connectTcp(Number(new URL(to).port), "127.0.0.1");
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  return { closed };
}

function tlsSocket(
  pair?: AgentKeyPair,
  session?: Buffer,
  port = Number(new URL(url).port),
  servername = "localhost",
  maxVersion?: "TLSv1.1",
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      servername,
      ca: rootPem,
      ...(pair !== undefined && { cert: pair.certificatePem, key: pair.keyPem }),
      ...(session !== undefined && { session }),
      ...(maxVersion !== undefined && {
        minVersion: "TLSv1.1",
        maxVersion,
        ciphers: "DEFAULT:@SECLEVEL=0",
      }),
    });
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
  });
}
