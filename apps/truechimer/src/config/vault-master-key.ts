// The master key out of HashiCorp Vault: one read of a key-value secret over its HTTP API, at the start. Both forms of the
// engine are read: version 2 (the secret within `data.data`) and version 1 (`data`).
// https://developer.hashicorp.com/vault/api-docs/secret/kv

import { readFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { AppError } from "@truechimer/base";
import { parseMasterKey } from "./master-key.ts";
import { readSecretFile } from "./secret-file.ts";

export interface VaultConfig {
  /** "https://vault.example.net:8200" */
  readonly url: string;
  /** As the API has it, without "/v1/": "secret/data/truechimer". */
  readonly path: string;
  readonly field: string;
  readonly tokenFile: string;
  /** Absent: the system's roots. */
  readonly caFile: string | undefined;
}

/** Vault answers in milliseconds; a start that waits longer is stuck. */
const TIMEOUT_MS = 10_000;
/** A secret of a few fields. */
const ANSWER_BYTES_MAX = 65_536;

export async function readVaultMasterKey(vault: VaultConfig): Promise<Uint8Array> {
  const token = await readSecretFile("secrets.vault_token_file", vault.tokenFile);
  const { status, body } = await ask(vault, token);
  if (status === 403) {
    throw refusal(vault, "Vault refuses the token: check that it has not ended, and its policy");
  }
  if (status === 404) throw refusal(vault, `there is no secret at ${vault.path}`);
  if (status !== 200) {
    const sealed = status === 503 ? " (it is sealed, or stands by)" : "";
    throw new AppError(
      "peer_unreachable",
      `${where(vault)} answered ${status}${sealed}: try again`,
    );
  }
  const value = fieldOf(body, vault.field);
  if (value === undefined) {
    throw refusal(vault, `the secret at ${vault.path} has no text named ${vault.field}`);
  }
  const key = parseMasterKey(value);
  if (key !== undefined) return key;
  throw refusal(
    vault,
    `${vault.field} at ${vault.path} holds ${value.length} characters that are no master key: expected 32 bytes in base64, as "openssl rand -base64 32" prints them`,
  );
}

function fieldOf(body: string, field: string): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return undefined;
  }
  const data = memberOf(answer, "data");
  const value = memberOf(memberOf(data, "data") ?? data, field);
  return typeof value === "string" ? value.trim() : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

interface VaultAnswer {
  readonly status: number;
  readonly body: string;
}

async function ask(vault: VaultConfig, token: string): Promise<VaultAnswer> {
  const url = new URL(`/v1/${vault.path}`, vault.url);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const ca = vault.caFile === undefined ? undefined : await readRoot(vault.caFile);
  try {
    return await new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          headers: { "x-vault-token": token, "x-vault-request": "true" },
          signal: AbortSignal.timeout(TIMEOUT_MS),
          ...(ca === undefined ? {} : { ca }),
        },
        (response) => {
          textOf(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, body }),
            reject,
          );
        },
      );
      sent.once("error", reject);
      sent.end();
    });
  } catch (cause) {
    throw new AppError(
      "peer_unreachable",
      `${where(vault)} gave no answer: check secrets.vault_url, secrets.vault_ca_file and the network`,
      { cause },
    );
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`more than ${ANSWER_BYTES_MAX} bytes came`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readRoot(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `secrets.vault_ca_file: ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
}

function where({ url }: VaultConfig): string {
  return `secrets.vault_url: Vault at ${url}`;
}

function refusal(vault: VaultConfig, message: string): AppError {
  return new AppError("config_bad_value", `${where(vault)}: ${message}`);
}
