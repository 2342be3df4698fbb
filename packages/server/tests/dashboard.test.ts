// The dashboard's files, its deep links, and what there is before it was built.

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, expect, test } from "vitest";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
const folder = await mkdtemp(join(tmpdir(), "dashboard "));
afterAll(async () => await rm(folder, { recursive: true }));
const { server } = await useServer(database, { webRoot: join(folder, "dist") });

const PAGE = { headers: { accept: "text/html" } };
const INDEX =
  '<!doctype html><title>dashboard</title><script type="module" src="/assets/a-B1x9_aQ2.js"></script>';
const SCRIPT = "export const answer = 42;\n".repeat(100);

test("before it is built there is a plain page; built later, it is found without a restart", async () => {
  expect(await (await fetch(server.url)).text()).toContain("has not been built");
  await mkdir(join(folder, "new/assets"), { recursive: true });
  await writeFile(join(folder, "new/index.html"), INDEX);
  await writeFile(join(folder, "new/assets/a-B1x9_aQ2.js"), SCRIPT);
  await rename(join(folder, "new"), join(folder, "dist"));
  const answer = await fetch(server.url);
  expect(await answer.text()).toBe(INDEX);
  expect(answer.headers.get("cache-control")).toBe("no-cache");
  expect(answer.headers.get("content-security-policy")).toContain("script-src 'self'");
});

test.each(["/servers", "/servers/12?range=7d", "/checks/99", "/help/errors"])(
  "%s is a page",
  async (path) => {
    const answer = await fetch(`${server.url}${path}`, PAGE);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(INDEX);
  },
);

test.each([
  "/assets/gone-B1x9_aQ2.js",
  "/favicon.ico",
  "/truechimer.admin.v1.AdminService/ListServers",
])("%s is none", async (path) => {
  expect((await fetch(`${server.url}${path}`, PAGE)).status).not.toBe(200);
});

test("a hashed file is kept for ever, compressed, and not sent twice", async () => {
  const url = `${server.url}/assets/a-B1x9_aQ2.js`;
  const answer = await fetch(url, { headers: { "accept-encoding": "br" } });
  expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(answer.headers.get("content-encoding")).toBe("br");
  expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(await answer.text()).toBe(SCRIPT);
  const again = await fetch(url, {
    headers: { "if-none-match": answer.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});
