// `truechimer alerts` against a control plane.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LOCAL_POLICY } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { useControlPlane } from "./_control-plane.ts";
import type { CommandOutcome } from "./_run-words.ts";
import { command } from "./_up-program.ts";

const database = await useDatabase();
const { directory, connection } = await useControlPlane(database, {
  policy: LOCAL_POLICY,
  masterKey: new Uint8Array(32).fill(5),
});
await writeFile(join(directory, "smtp.password"), "s3cret", { mode: 0o600 });

function run(...args: readonly string[]): Promise<CommandOutcome> {
  return command({ path: directory }, ["alerts", ...args, ...connection]);
}

async function rows(...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const outcome = await run(...args);
  expect(outcome.err).toBe("");
  expect(outcome.code).toBe(0);
  return outcome.json();
}

test("channels are added, tried and removed by name", async () => {
  const password = join(directory, "smtp.password");
  const ends = ["--from", "a@example.net", "--to", "b@example.net", "c@example.net"];
  const login = ["--username", "a", "--password-file", password, "--digest", "weekly"];
  await rows("channels", "add-email", "mail", "--server", "[::1]:2525", ...login, ...ends);
  const [hook] = await rows("channels", "add-webhook", "chat", "https://ops.example.net/alerts");
  expect(hook?.["secret"]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  await rows("channels", "add-alertmanager", "am", "http://127.0.0.1:9093", "--private");
  expect(await rows("channels")).toMatchObject([
    { name: "am", kind: "alertmanager", to: "http://127.0.0.1:9093/" },
    { name: "chat", kind: "webhook", to: "https://ops.example.net/alerts" },
    { name: "mail", kind: "email", to: "b@example.net, c@example.net", last_sent_at: null },
  ]);
  expect((await rows("channels", "test", "mail"))[0]?.["key"]).toMatch(/\.test\.\d+$/);
  await rows("channels", "remove", "am");
  expect(await rows("channels")).toHaveLength(2);
  const inward = await run("channels", "add-webhook", "h", "http://127.0.0.1/x");
  expect([inward.code, inward.err]).toEqual([
    expect.any(Number),
    expect.stringMatching(/127\.0\.0\.1 is a loopback address: .*--private/),
  ]);
  const missing = await run("channels", "test", "fax");
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining("chat, mail")]);
});

test("a rule is added, listed and removed; a filter that cannot be read is shown", async () => {
  const filter = ["--filter", "verdict:falseticker"];
  await rows(
    "rules",
    "add",
    "liars",
    ...filter,
    "--severity",
    "critical",
    "--holds",
    "5m",
    "--to",
    "mail",
    "--group",
    "none",
    "--quiet-hours",
    "22:30-07:00 Europe/Zurich",
    "--escalate-after",
    "15m",
    "--escalate-to",
    "chat",
  );
  const hours = await run("rules", "add", "x", ...filter, "--quiet-hours", "22-7");
  expect([hours.code, hours.err]).toEqual([
    2,
    expect.stringContaining("22:00-07:00 Europe/Zurich"),
  ]);
  await rows("rules", "add", "lost", "--over", "monitors", "--filter", "online:no");
  expect(await rows("rules")).toMatchObject([
    {
      name: "liars",
      subject: "servers",
      severity: "critical",
      firing: 0,
      enabled: true,
      grouping: "none",
      quiet_hours: "22:30-07:00 Europe/Zurich",
      escalate_after_seconds: 900,
    },
    { name: "lost", subject: "monitors", severity: "warning", channel_ids: [] },
  ]);
  const wrong = await run("rules", "add", "bad", "--filter", "verdikt:x");
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("bad_filter")]);
  await rows("rules", "change", "liars", "--off", "--holds", "10m", "--always-tell");
  expect((await rows("rules"))[0]).toMatchObject({
    enabled: false,
    filter: "verdict:falseticker",
    severity: "critical",
    holds_seconds: 600,
    grouping: "none",
    quiet_hours: null,
    escalate_after_seconds: 900,
  });
  await rows("rules", "change", "liars", "--on", "--never-escalate");
  expect((await rows("rules"))[0]).toMatchObject({
    enabled: true,
    holds_seconds: 600,
    escalate_after_seconds: null,
    escalation_channel_ids: [],
  });
  const [none] = await rows("rules", "try", "liars", "--since", "3d", "--recovers", "10m");
  expect(none).toBeUndefined();
  const nothingKept = await run("rules", "try", "--filter", "bound>1ms");
  expect([nothingKept.code, nothingKept.err]).toEqual([
    2,
    expect.stringContaining("bound is not kept of the past"),
  ]);
  const nothingAsked = await run("rules", "try");
  expect([nothingAsked.code, nothingAsked.err]).toEqual([
    2,
    expect.stringContaining("expected a rule's name, or --filter"),
  ]);
  await rows("rules", "remove", "lost");
  expect(await rows("rules")).toHaveLength(1);
  expect(await rows()).toEqual([]);
});

test("a rule that is not there is told with those that are, and a silence that is too long as it was typed", async () => {
  const missing = await run("rules", "remove", "nope");
  expect([missing.code, missing.err]).toEqual([
    1,
    expect.stringMatching(
      /there is no alert rule \\?"nope\\?": (expected one of \S|there is none yet)/,
    ),
  ]);
  const long = await run("silence", "--for", "40d");
  expect(long.err).toContain("lasts 40d: expected 0s to 31d");
});

test("silences and acknowledgements take a number", async () => {
  const [silence] = await rows("silence", "--filter", "server:ntp1.*", "--for", "2h");
  expect(await rows("silences")).toMatchObject([
    { id: silence?.["id"], subject: "servers", filter: "server:ntp1.*", comment: "" },
  ]);
  await rows("end-silence", String(silence?.["id"]));
  expect(await rows("silences")).toEqual([]);
  const none = await run("acknowledge", "4711");
  expect([none.code, none.err]).toEqual([1, expect.stringContaining("no incident")]);
  expect((await run("acknowledge", "twelve")).code).toBe(2);
});
