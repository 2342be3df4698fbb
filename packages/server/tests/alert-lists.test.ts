// Lists of incidents and of messages are read to their end page by page, and what goes on is counted beyond the page.

import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { alertsClient } from "./_alerts.ts";
import { useServer } from "./_test-server.ts";

const INCIDENTS = 130;
const OPEN = 70;

const database = await useDatabase();
const { server, adminKey } = await useServer(database);
const alerts = alertsClient(server.url, adminKey);

// The oldest go on. Several of one instant, also where pages end.
await database.pool.query(
  `insert into incidents (id_token, cause, title, severity, opened_at, recovered_at)
  select n::text, 'server:' || n, 'incident ' || n, 'warning', now() - interval '1 day' + (n / 7) * interval '1 s',
    case when n > $2::int then now() end
  from generate_series(1, $1::int) n`,
  [INCIDENTS, OPEN],
);
await database.pool.query(
  `insert into alert_channels (name, kind, settings) values ('mail', 'email',
   '{"host": "192.0.2.1", "port": 25, "security": "none", "username": "", "from": "a@b", "to": ["a@b"]}')`,
);
await database.pool.query(
  `insert into alert_messages (key, channel_id, kind, subject, body, sent_at)
  select n::text, 1, 'test', 'message ' || n, '', now() from generate_series(1, $1::int) n`,
  [INCIDENTS],
);

const numbers = (to: number): readonly bigint[] =>
  Array.from({ length: to }, (_, n) => BigInt(to - n));

async function all(
  ask: (pageToken: string) => Promise<{ ids: readonly bigint[]; nextPageToken: string }>,
): Promise<readonly bigint[]> {
  const found: bigint[] = [];
  let pageToken = "";
  do {
    const page = await ask(pageToken);
    found.push(...page.ids);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

test.each([
  { includeRecovered: true, count: INCIDENTS },
  { includeRecovered: false, count: OPEN },
])("every incident once, newest first: %j", async ({ includeRecovered, count }) => {
  const ids = await all(async (pageToken) => {
    const page = await alerts.listIncidents({ includeRecovered, limit: 20, pageToken });
    expect(page.openTotal).toBe(OPEN);
    return { ids: page.incidents.map(({ id }) => id), nextPageToken: page.nextPageToken };
  });
  expect(ids).toEqual(numbers(count));
});

test("every message once, newest first", async () => {
  const ids = await all(async (pageToken) => {
    const page = await alerts.listAlertMessages({ channelId: 1n, limit: 65, pageToken });
    return { ids: page.messages.map(({ id }) => id), nextPageToken: page.nextPageToken };
  });
  expect(ids).toEqual(numbers(INCIDENTS));
});

test("a page token of another list is refused", async () => {
  const pageToken = Buffer.from("x").toString("base64url");
  await expect(alerts.listIncidents({ pageToken })).rejects.toThrow(
    /page_token is not one of ours/,
  );
  await expect(alerts.listAlertMessages({ pageToken })).rejects.toThrow(
    /page_token is not one of ours/,
  );
});
