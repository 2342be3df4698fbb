// Ways out against what is at their other end: a receiver that verifies, one that redirects, a mail server that stalls or refuses.

import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { alertsV1 } from "@truechimer/api";
import { type Clock, type IpAddress, systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { Webhook } from "standardwebhooks";
import { afterAll, describe, expect, test, vi } from "vitest";
import { LOCAL_POLICY } from "../src/index.ts";
import { alertsClient, emailChannel, QUICK_LOOPS, startMailbox } from "./_alerts.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const received: Received[] = [];
const answers = { status: 204 };
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    received.push({
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    response.writeHead(answers.status, { location: "http://127.0.0.1:9/" }).end();
  });
});
await new Promise<void>((resolve) => {
  receiver.listen(0, "127.0.0.1", resolve);
});
afterAll(() => void receiver.close());
const { port } = receiver.address() as AddressInfo;

const database = await useDatabase({ poolSize: 10 });
const resolved: Record<string, readonly IpAddress[]> = {
  "hooks.example": [ip("127.0.0.1")],
};
/** Names that were asked for, in their order. */
const asked: string[] = [];
/** On which nothing takes longer than this: a little more than the steps of SMTP. */
const LONGEST_MS = 12_000;
const clock: Clock = {
  ...systemClock,
  setTimer: (delayMs, fire) => systemClock.setTimer(Math.min(delayMs, LONGEST_MS), fire),
};
const { server, adminKey } = await useServer(database, {
  masterKey: MASTER_KEY,
  roles: ["api", "worker"],
  loops: QUICK_LOOPS.filter(({ name }) => name.startsWith("alert_")),
  jobTiming: { pollMs: 50 },
  policy: LOCAL_POLICY,
  clock,
  resolveName: async (name) => {
    asked.push(name);
    // Whoever asks twice is led elsewhere.
    if (name === "rebinds.example")
      return [ip(asked.filter((each) => each === name).length === 1 ? "127.0.0.1" : "127.0.0.2")];
    return resolved[name] ?? [];
  },
});
const alerts = alertsClient(server.url, adminKey);

type Way = Parameters<typeof alerts.saveAlertChannel>[0]["channel"];

async function channel(name: string, way: object): Promise<{ id: bigint; secret: string }> {
  const saved = await alerts.saveAlertChannel({ channel: { name, way } as Way & object });
  return { id: saved.channel?.id ?? 0n, secret: saved.secret };
}

async function tried(id: bigint): Promise<alertsV1.AlertMessage> {
  const { message } = await alerts.testAlertChannel({ id });
  return vi.waitFor(async () => {
    const { messages } = await alerts.listAlertMessages({ channelId: id });
    const found = messages.find((each) => each.id === message?.id);
    if (found === undefined || found.attempts === 0) throw new Error("not tried yet");
    if (found.state === alertsV1.AlertMessageState.WAITING && found.lastError === "")
      throw new Error("being sent");
    return found;
  }, 30_000);
}

const { SENT, DEAD, WAITING } = alertsV1.AlertMessageState;
const webhook = (url: string, privateAllowed: boolean): object => ({
  case: "webhook",
  value: { url, privateAllowed },
});

describe("a webhook", async () => {
  const { id, secret } = await channel("hook", webhook(`http://hooks.example:${port}/in`, true));

  test("is signed so that the standard's own library verifies it", async () => {
    expect((await tried(id)).state).toBe(SENT);
    const { headers, body, path } = received.at(-1) ?? { headers: {}, body: "", path: "" };
    expect(path).toBe("/in");
    const signed = {
      "webhook-id": String(headers["webhook-id"]),
      "webhook-timestamp": String(headers["webhook-timestamp"]),
      "webhook-signature": String(headers["webhook-signature"]),
    };
    const verified = new Webhook(secret).verify(body, signed) as { readonly type: string };
    expect(verified.type).toBe("test");
    expect(() => new Webhook(secret).verify(`${body} `, signed)).toThrow();
  });

  test("follows no redirect, and is tried again when the other side fails", async () => {
    const before = received.length;
    answers.status = 302;
    const redirected = await tried(id);
    expect([redirected.state, redirected.lastError]).toEqual([
      DEAD,
      expect.stringContaining("redirects are not followed"),
    ]);
    expect(received.length).toBe(before + 1);
    answers.status = 503;
    const failed = await tried(id);
    expect([failed.state, failed.lastError]).toEqual([WAITING, expect.stringContaining("503")]);
    answers.status = 204;
    await sql`update alert_messages set run_at = now() where sent_at is null`.execute(
      database.kysely,
    );
    await alerts.sendAlertMessageAgain({ id: redirected.id });
    await vi.waitFor(async () => {
      const { messages } = await alerts.listAlertMessages({ channelId: id });
      expect(messages.map(({ state }) => state)).toEqual([SENT, SENT, SENT]);
    }, 15_000);
    const ids = received.slice(before).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids)).toEqual(new Set([redirected.key, failed.key]));
    expect(ids).toHaveLength(4);
  });

  const INWARD: readonly (readonly [string, string])[] = [
    ["an address of this host", "http://127.0.0.1:9/"],
    ["the same as IPv6", "http://[::1]:9/"],
    ["one of IPv4 in IPv6", "http://[::ffff:10.0.0.1]/"],
    ["one as a number", "http://2130706433:9/"],
    ["of the cloud's own", "http://169.254.169.254/latest"],
  ];

  test.each(INWARD)("is refused with %s, unless it may ask inside", async (name, url) => {
    const saved = channel(name, webhook(url, false));
    await expect(saved).rejects.toThrow(
      /is a (loopback|private|link-local) address: allow private addresses in the channel \(privateAllowed, --private\)/,
    );
  });

  test("is refused with an address that nobody can be asked at", async () => {
    const saved = channel("all", webhook("http://224.0.0.1/", true));
    await expect(saved).rejects.toThrow("224.0.0.1 is a multicast address: nothing can be sent");
  });

  const NAMED = ["a name that leads inward", "http://hooks.example:9/"] as const;

  test.each([NAMED, ...INWARD])("asks nobody inside unless it may: %s", async (name, url) => {
    const before = received.length;
    const inward = await channel(name, webhook(url, true));
    await database.pool.query(
      `update alert_channels set settings = settings || '{"privateAllowed": false}' where id = $1`,
      [inward.id],
    );
    const message = await tried(inward.id);
    expect(message.state).toBe(DEAD);
    expect(message.lastError).toMatch(/a (loopback|private|link-local) address/);
    expect(received.length).toBe(before);
  });

  test("connects to the address that was looked at, whatever its name means a moment later", async () => {
    const rebinding = await channel(
      "rebinds",
      webhook(`http://rebinds.example:${port}/once`, true),
    );
    expect((await tried(rebinding.id)).state).toBe(SENT);
    expect(received.at(-1)).toMatchObject({
      path: "/once",
      headers: { host: `rebinds.example:${port}` },
    });
    expect(asked.filter((name) => name === "rebinds.example")).toHaveLength(1);
  });

  test("that never answers holds up no other channel, and is tried again", async () => {
    const sockets: Socket[] = [];
    const mute = createTcpServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => {
      mute.listen(0, "127.0.0.1", resolve);
    });
    const { port: mutePort } = mute.address() as AddressInfo;
    const silent = await channel("silent", webhook(`http://127.0.0.1:${mutePort}/`, true));
    const waited = tried(silent.id);
    expect((await tried(id)).state).toBe(SENT);
    const message = await waited;
    expect([message.state, message.lastError]).toEqual([
      WAITING,
      expect.stringContaining("the other side took longer than 40 s"),
    ]);
    for (const socket of sockets) socket.destroy();
    mute.close();
  }, 60_000);

  test("that becomes a channel of another kind leaves its key behind", async () => {
    const { id: changed } = await channel("changes", webhook("https://hooks.example/", false));
    const { channel: after } = await alerts.saveAlertChannel({
      channel: {
        id: changed,
        name: "changes",
        way: { case: "alertmanager", value: { url: "http://alertmanager.example" } },
      },
    });
    expect(after?.hasSecret).toBe(false);
    const again = await alerts.saveAlertChannel({
      channel: {
        id: changed,
        name: "changes",
        way: webhook("https://hooks.example/", false),
      } as Way & object,
    });
    expect(again.secret).toMatch(/^whsec_/);
    expect(again.channel?.hasSecret).toBe(true);
  });

  test.each(["ftp://hooks.example/", "http://name:word@hooks.example/", "hooks.example"])(
    "with the address %s is refused",
    async (url) => {
      expect(await refusalOf(channel(url, webhook(url, false)))).toBe("bad_request");
    },
  );
});

test("Alertmanager is sent an alert whose end has the labels of its beginning", async () => {
  const { id } = await channel("am", {
    case: "alertmanager",
    value: { url: `http://127.0.0.1:${port}/prefix/`, token: "t0ken", privateAllowed: true },
  });
  const incident = await sql<{ readonly id: bigint }>`
    insert into incidents (id_token, cause, title, severity, recovered_at)
    values ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'server:1', 'ntp1', 'warning', now()) returning id`.execute(
    database.kysely,
  );
  const facts = (severity: string): string =>
    JSON.stringify({
      data: {
        incident: {
          key: "K",
          cause: "server:1",
          title: "ntp1",
          severity,
          opened_at: "2026-01-02T03:04:05Z",
        },
      },
    });
  for (const [kind, severity] of [
    ["opened", "warning"],
    ["recovered", "critical"],
  ] as const) {
    await sql`insert into alert_messages (key, channel_id, incident_id, kind, subject, body, facts)
      values (${kind}, ${id}, ${incident.rows[0]?.id}, ${kind}, 's', 'b', ${facts(severity)}::jsonb)`.execute(
      database.kysely,
    );
  }
  const from = received.length;
  await vi.waitFor(() => expect(received.length).toBe(from + 2), 15_000);
  const [opened, recovered] = received.slice(from).map(({ path, headers, body }) => {
    expect([path, headers.authorization]).toEqual(["/prefix/api/v2/alerts", "Bearer t0ken"]);
    return (JSON.parse(body) as { labels: object; startsAt: string; endsAt: string }[])[0];
  });
  expect(opened?.labels).toEqual({
    alertname: "TruechimerIncident",
    incident: "K",
    cause: "server:1",
    title: "ntp1",
    severity: "warning",
  });
  expect(recovered?.labels).toEqual(opened?.labels);
  expect(Date.parse(opened?.endsAt ?? "")).toBeGreaterThan(Date.now() + 3_500_000);
  expect(Date.parse(recovered?.endsAt ?? "")).toBeLessThanOrEqual(Date.now() + 60_000);
});

describe("a mail server", () => {
  test("that stalls holds up no other channel, and its mail is tried again", async () => {
    await using stalling = await startMailbox({ onConnect: () => undefined });
    await using prompt = await startMailbox();
    const first = await alerts.saveAlertChannel({
      channel: emailChannel(stalling.port, { name: "stalls" }),
    });
    const second = await alerts.saveAlertChannel({
      channel: emailChannel(prompt.port, { name: "prompt" }),
    });
    const stalled = tried(first.channel?.id ?? 0n);
    await alerts.testAlertChannel({ id: second.channel?.id ?? 0n });
    await vi.waitFor(() => expect(prompt.mails).toHaveLength(1), 5_000);
    const message = await stalled;
    expect([message.state, message.lastError]).toEqual([
      WAITING,
      expect.stringMatching(/time|Greeting/i),
    ]);
  }, 60_000);

  test("that refuses for good is not asked again", async () => {
    await using refusing = await startMailbox({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error("no such mailbox"), { responseCode: 550 })),
    });
    const saved = await alerts.saveAlertChannel({
      channel: emailChannel(refusing.port, { name: "refuses" }),
    });
    const message = await tried(saved.channel?.id ?? 0n);
    expect([message.state, message.lastError]).toEqual([
      DEAD,
      expect.stringContaining("no such mailbox"),
    ]);
  });
});

describe("a secret", () => {
  test("is sealed, told once or never, and not lost by a change", async () => {
    const { channels } = await alerts.listAlertChannels({});
    const hook = channels.find(({ name }) => name === "hook");
    expect(hook?.hasSecret).toBe(true);
    expect(JSON.stringify(hook?.way)).not.toContain("whsec_");
    const changed = await alerts.saveAlertChannel({
      channel: { ...hook, digestMinute: 30 } as Way & object,
    });
    expect([changed.secret, changed.channel?.hasSecret]).toEqual(["", true]);
    const { rows } = await sql<{ readonly text: string }>`
      select string_agg(encode(secret, 'escape'), '') || string_agg(settings::text, '') as text from alert_channels`.execute(
      database.kysely,
    );
    expect(rows[0]?.text).not.toMatch(/whsec_|t0ken/);
  });
});

describe("a silence and a summary", () => {
  test("a silenced server is told of when the silence ends; a summary comes once a period", async () => {
    await using mailbox = await startMailbox();
    await sql`insert into servers (name, ip, ip_version, verdict) values ('quiet.lab', '10.9.0.1', 'v4', 'falseticker')`.execute(
      database.kysely,
    );
    const { silence } = await alerts.createAlertSilence({
      subject: alertsV1.AlertSubject.SERVERS,
      filter: "server:quiet.*",
      lasts: { seconds: 3_600n, nanos: 0 },
      comment: "new antenna",
    });
    const saved = await alerts.saveAlertChannel({
      channel: {
        ...emailChannel(mailbox.port, { name: "summed" }),
        digest: alertsV1.DigestPeriod.DAILY,
      } as Way & object,
    });
    const id = saved.channel?.id ?? 0n;
    await alerts.saveAlertRule({
      rule: {
        name: "liars",
        enabled: true,
        subject: alertsV1.AlertSubject.SERVERS,
        filter: "verdict:falseticker",
        severity: alertsV1.AlertSeverity.WARNING,
        channelIds: [id],
      },
    });
    await vi.waitFor(async () => {
      const { incidents } = await alerts.listIncidents({});
      expect(Date.now() - Number(incidents[0]?.openedAt?.seconds) * 1_000).toBeGreaterThan(6_000);
    }, 20_000);
    expect(mailbox.mails).toEqual([]);
    await alerts.endAlertSilence({ id: silence?.id ?? 0n });
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(1), 10_000);
    expect(mailbox.mails[0]?.subject).toBe("[warning] quiet.lab: liars");
    await sql`update alert_channels set digest_since = now() - interval '25 hours' where id = ${id}`.execute(
      database.kysely,
    );
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(2), 10_000);
    expect(mailbox.mails[1]?.subject).toContain("[daily summary] ");
    expect(mailbox.mails[1]?.body).toContain("1 falseticker");
  }, 60_000);
});
