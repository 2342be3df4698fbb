import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Role } from "./config.ts";
import { configKeys } from "./config-reference.ts";
import { configSchema } from "./config-schema.ts";
import { CONFIG_WORDS } from "./config-words.ts";
import { type ConfigFlags, loadConfig } from "./load-config.ts";

const DOCUMENT = new URL("../../../../docs/reference/configuration.md", import.meta.url);
const text = await readFile(DOCUMENT, "utf8");

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "truechimer-config-document-"));
});
afterAll(() => rm(directory, { recursive: true }));

/** `a.b` for each key of a table; a list of tables counts as one key. */
function keysOf(schema: unknown, path: readonly string[]): readonly string[] {
  const inner = unwrapped(schema);
  const shape = (inner as { shape?: Record<string, unknown> }).shape;
  if (shape === undefined) return [path.join(".")];
  return Object.entries(shape).flatMap(([key, value]) => keysOf(value, [...path, key]));
}

function unwrapped(schema: unknown): unknown {
  const wrapper = schema as { unwrap?: () => unknown; element?: unknown };
  if (wrapper.unwrap === undefined || wrapper.element !== undefined) return schema;
  return unwrapped(wrapper.unwrap());
}

test("every key has its line in the document, and every line its key", () => {
  const documented = [...text.matchAll(/^\| `([a-z0-9_.]+)` \|/gm)].map(([, key = ""]) => key);
  expect(documented.toSorted()).toEqual(keysOf(configSchema, []).toSorted());
});

test("no words are left of a key that is gone, and what the schema says of values is in the document", () => {
  const keys = configKeys();
  expect(Object.keys(CONFIG_WORDS).toSorted()).toEqual(keys.map(({ key }) => key).toSorted());
  for (const { key, value } of keys) expect(text).toContain(`| \`${key}\` | ${value} |`);
  expect(keys.find(({ key }) => key === "checks.interval")?.value).toBe("duration, 1 s to 1 d");
  expect(keys.find(({ key }) => key === "history.memory")?.value).toBe("size, 16 MiB to 64 GiB");
  expect(keys.find(({ key }) => key === "log.level")?.value).toContain('`"warn"`');
});

test("the document's examples are valid", async () => {
  const secret = join(directory, "secret");
  // An admin key, a token and a master key at once.
  await writeFile(secret, "ab".repeat(32), { mode: 0o600 });
  const examples = [...text.matchAll(/```toml\n(.*?)```/gs)].map(([, toml = ""]) => toml);
  const roles: readonly Role[] = ["up", "server", "agent"];
  expect(examples).toHaveLength(roles.length);
  for (const [at, toml] of examples.entries()) {
    const file = join(directory, `example-${at}.toml`);
    await writeFile(file, toml.replaceAll(/"\/etc\/truechimer\/[^"]*"/g, JSON.stringify(secret)));
    const flags: ConfigFlags = { config: file };
    await expect(loadConfig(roles[at] ?? "up", flags, {})).resolves.toBeDefined();
  }
});
