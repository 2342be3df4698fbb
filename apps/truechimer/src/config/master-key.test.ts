import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { masterKeyText, readMasterKey } from "./master-key.ts";
import { createSecretFile } from "./secret-file.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "truechimer-master-key-"));
});
afterAll(() => rm(directory, { recursive: true }));

const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7));

async function fileWith(text: string): Promise<string> {
  const file = join(directory, "key");
  await writeFile(file, text);
  await chmod(file, 0o600);
  return file;
}

describe("a master key is read", () => {
  test.each([
    { name: "in base64", text: KEY.toString("base64") },
    { name: "in base64, with a line end", text: `${KEY.toString("base64")}\n` },
    { name: "in hexadecimal digits", text: KEY.toString("hex") },
    { name: "in hexadecimal digits, upper case", text: KEY.toString("hex").toUpperCase() },
  ])("$name", async ({ text }) => {
    expect(Buffer.from(await readMasterKey(await fileWith(text))).equals(KEY)).toBe(true);
  });
});

describe("what is no master key is refused, and not shown", () => {
  test.each([
    { name: "31 bytes", text: Buffer.alloc(31, 0xab).toString("base64") },
    { name: "33 bytes", text: Buffer.alloc(33, 0xab).toString("base64") },
    { name: "a password", text: "correct horse battery staple" },
    { name: "63 digits", text: "ab".repeat(32).slice(1) },
    { name: "two keys", text: `${"ab".repeat(32)}\n${"cd".repeat(32)}` },
  ])("$name", async ({ text }) => {
    await expect(readMasterKey(await fileWith(text))).rejects.toMatchObject({
      code: "config_bad_value",
      message: expect.stringMatching(/no master key: expected 32 bytes in base64/),
    });
    await expect(readMasterKey(await fileWith(text))).rejects.not.toMatchObject({
      message: expect.stringContaining(text.slice(0, 12)),
    });
  });

  test("a file that others may read", async () => {
    const file = await fileWith(KEY.toString("base64"));
    await chmod(file, 0o640);
    await expect(readMasterKey(file)).rejects.toMatchObject({
      message: expect.stringContaining("chmod 600"),
    });
  });
});

test("a key that was made is for its owner alone, and reads back", async () => {
  const file = join(directory, "made");
  await writeFile(`${file}.new`, "left behind by a start that was killed");
  await createSecretFile(file, masterKeyText(KEY));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(Buffer.from(await readMasterKey(file)).equals(KEY)).toBe(true);
});
