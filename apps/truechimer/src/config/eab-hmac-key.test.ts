import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readEabHmacKey } from "./eab-hmac-key.ts";

const directory = await mkdtemp(join(tmpdir(), "truechimer-hmac-"));
afterAll(() => rm(directory, { recursive: true }));

async function keyFile(name: string, text: string, mode = 0o600): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text, { mode });
  return file;
}

test.each(["-_8zM8_7AAECAwQFBgcICQoLDA0ODw", "+/8zM8/7AAECAwQFBgcICQoLDA0ODw==\n"])(
  "%j is a key, as authorities write it",
  async (text) => {
    const key = await readEabHmacKey(await keyFile("key", text));
    expect(Buffer.from(key).toString("hex")).toBe("fbff3333cffb000102030405060708090a0b0c0d0e0f");
  },
);

test.each(["c2hvcnQ", "kid: 3 (see the mail)", "-----BEGIN PRIVATE KEY-----"])(
  "%j is none, and no word of it is told",
  async (text) => {
    const failure = await readEabHmacKey(await keyFile("none", text)).then(String, String);
    expect(failure).toMatch(/acme\.eab_hmac_key_file: .*none holds \d+ characters.*base64url/);
    expect(failure).not.toContain(text);
  },
);

test("a key that others may read is refused", async () => {
  const file = await keyFile("open", "-_8zM8_7AAECAwQFBgcICQoLDA0ODw", 0o644);
  await expect(readEabHmacKey(file)).rejects.toThrow(
    `acme.eab_hmac_key_file: ${file} has mode 0644, so others may read the secret`,
  );
});
