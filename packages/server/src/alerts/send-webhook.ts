// A message as a webhook, signed as Standard Webhooks has it: the id, the time and the body, by HMAC-SHA256.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

import { createHmac } from "node:crypto";
import { AppError } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { HttpSettings } from "./channel.ts";
import type { MessageToSend } from "./message-to-send.ts";
import { postJson } from "./post-json.ts";

export const WEBHOOK_SECRET_PREFIX = "whsec_";

export interface HttpWay {
  readonly context: Pick<ServerContext, "resolveName" | "clock">;
  readonly settings: HttpSettings;
  readonly secret: string | undefined;
  readonly signal: AbortSignal;
}

export async function sendWebhook(
  { context, settings, secret, signal }: HttpWay,
  message: MessageToSend,
): Promise<void> {
  if (secret === undefined) throw new AppError("internal", "the webhook has no key");
  const body = JSON.stringify(message.facts);
  const seconds = String(context.clock.nowNs() / 1_000_000_000n);
  await postJson(context, {
    url: new URL(settings.url),
    body,
    headers: {
      "webhook-id": message.key,
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${signature(secret, `${message.key}.${seconds}.${body}`)}`,
    },
    privateAllowed: settings.privateAllowed,
    signal,
  });
}

function signature(secret: string, content: string): string {
  const key = Buffer.from(secret.slice(WEBHOOK_SECRET_PREFIX.length), "base64");
  return createHmac("sha256", key).update(content).digest("base64");
}
