// Against a small double that answers as Vault's HTTP API is documented to; no real Vault was at hand.

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@truechimer/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";
import { readVaultMasterKey, type VaultConfig } from "./vault-master-key.ts";

const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 5));
const TOKEN = "hvs.a-token-of-the-test";

let directory: string;
let tokenFile: string;
let double: Server;
let vault: VaultConfig;
let asked: string[] = [];

/** By path, what the double holds. */
const SECRETS: Readonly<Record<string, unknown>> = {
  "/v1/secret/data/truechimer": {
    data: { data: { master_key: KEY.toString("base64") }, metadata: { version: 3 } },
  },
  "/v1/kv/truechimer": { data: { master_key: KEY.toString("hex") } },
  "/v1/secret/data/short": { data: { data: { master_key: "c2hvcnQ=" } } },
  "/v1/secret/data/number": { data: { data: { master_key: 5 } } },
  "/v1/secret/data/text": "no JSON of Vault's",
  "/v1/secret/data/long": { data: { data: { master_key: "A".repeat(100_000) } } },
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "truechimer-vault-"));
  tokenFile = join(directory, "token");
  await writeFile(tokenFile, `${TOKEN}\n`);
  await chmod(tokenFile, 0o600);
  double = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (request.headers["x-vault-token"] !== TOKEN) send(403, { errors: ["permission denied"] });
    else if (request.url === "/v1/sealed") send(503, { errors: ["Vault is sealed"] });
    else if (request.url !== undefined && request.url in SECRETS) send(200, SECRETS[request.url]);
    else send(404, { errors: [] });
  });
  await new Promise<void>((resolve) => double.listen(0, "127.0.0.1", resolve));
  const { port } = double.address() as AddressInfo;
  vault = {
    url: `http://127.0.0.1:${port}`,
    path: "secret/data/truechimer",
    field: "master_key",
    tokenFile,
    caFile: undefined,
  };
});
afterAll(async () => {
  double.closeAllConnections();
  await new Promise((resolve) => double.close(resolve));
  await rm(directory, { recursive: true });
});

async function failureOf(config: Partial<VaultConfig>): Promise<AppError> {
  const error = await readVaultMasterKey({ ...vault, ...config }).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error("it did not fail as it should");
  return error;
}

describe("the master key comes out of Vault", () => {
  test.each(["secret/data/truechimer", "kv/truechimer"])("at %s", async (path) => {
    asked = [];
    const key = await readVaultMasterKey({ ...vault, path });
    expect(Buffer.from(key).equals(KEY)).toBe(true);
    expect(asked).toEqual([`GET /v1/${path}`]);
  });

  test("as the configuration of a control plane says", async () => {
    const file = join(directory, "server.toml");
    await writeFile(
      file,
      `[secrets]\nvault_url = "${vault.url}"\nvault_path = "${vault.path}"\nvault_token_file = "${tokenFile}"\n`,
    );
    const { secrets, config } = await loadConfig("server", { config: file }, {});
    expect(Buffer.from(secrets.masterKey ?? []).equals(KEY)).toBe(true);
    expect(JSON.stringify(config)).not.toContain(TOKEN);
  });

  test.each([
    { name: "beside a file", more: 'master_key_file = "/etc/key"\n', message: /not both/ },
    { name: "without a token", more: "", message: /vault_token_file/ },
  ])("$name is refused", async ({ more, message }) => {
    const file = join(directory, "wrong.toml");
    const token = more === "" ? "" : `vault_token_file = "${tokenFile}"\n`;
    await writeFile(
      file,
      `[secrets]\nvault_url = "${vault.url}"\nvault_path = "x"\n${token}${more}`,
    );
    await expect(loadConfig("server", { config: file }, {})).rejects.toMatchObject({
      code: "config_bad_value",
      message: expect.stringMatching(message),
    });
  });
});

describe("what goes wrong is told with its remedy, and without the secret", () => {
  test.each([
    { path: "secret/data/none", code: "config_bad_value", message: /no secret at/ },
    { path: "secret/data/short", code: "config_bad_value", message: /no master key: expected 32/ },
    { path: "secret/data/number", code: "config_bad_value", message: /no text named master_key/ },
    { path: "secret/data/text", code: "config_bad_value", message: /no text named master_key/ },
    { path: "sealed", code: "peer_unreachable", message: /503 \(it is sealed/ },
    { path: "secret/data/long", code: "peer_unreachable", message: /no answer/ },
  ])("$path: $code", async ({ path, code, message }) => {
    const failure = await failureOf({ path });
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain(TOKEN);
    expect(failure.message).not.toContain("c2hvcnQ");
  });

  test("a token that is refused", async () => {
    const other = join(directory, "other");
    await writeFile(other, "hvs.wrong");
    await chmod(other, 0o600);
    const failure = await failureOf({ tokenFile: other });
    expect([failure.code, failure.message]).toEqual([
      "config_bad_value",
      expect.stringMatching(/refuses the token/),
    ]);
  });

  test("nobody there", async () => {
    const failure = await failureOf({ url: "http://127.0.0.1:9" });
    expect([failure.code, failure.message]).toEqual([
      "peer_unreachable",
      expect.stringMatching(/secrets.vault_url/),
    ]);
  });
});
