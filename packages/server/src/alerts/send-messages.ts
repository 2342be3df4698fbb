// Sends what waits in the outbox, several channels at a time: one that stalls holds up nobody else.

import { retryDelayMs } from "@truechimer/alerts";
import { AppError, createUlid, sleep, unixMsFromNs } from "@truechimer/base";
import { nsFromTimestamptz } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { channelSettings, openSecret } from "./channel.ts";
import { type MessageToSend, SendRefused } from "./message-to-send.ts";
import { type ClaimedMessage, claimMessage, markFailed, markSent } from "./outbox.ts";
import { sendEmail } from "./send-email.ts";

/** Connections at once. */
const SENDING_MAX = 8;
/** Shorter than a claim: what takes longer has failed, and is tried again. */
const SEND_TIMEOUT_MS = 40_000;
/** While some are being sent, how often others are looked for. */
const LOOK_MS = 500;

/** Ends when nothing is due and nothing is being sent. */
export async function sendMessages(context: ServerContext, signal: AbortSignal): Promise<void> {
  const sending = new Set<Promise<void>>();
  const claim = createUlid(context.clock, context.random);
  for (;;) {
    const message =
      sending.size < SENDING_MAX && !signal.aborted
        ? await claimMessage(context.database.kysely, claim)
        : undefined;
    if (message !== undefined) {
      const sent = sendOne(context, message, claim).finally(() => sending.delete(sent));
      sending.add(sent);
    } else if (sending.size === 0) {
      return;
    } else {
      await Promise.race([...sending, sleep(context.clock, LOOK_MS)]);
    }
  }
}

async function sendOne(
  context: ServerContext,
  claimed: ClaimedMessage,
  claim: string,
): Promise<void> {
  const { database, random, logger, metrics } = context;
  const { id, attempts, channel_kind: channel } = claimed;
  try {
    await withinTime(context, deliver(context, claimed));
  } catch (error) {
    const isRefused = error instanceof SendRefused;
    const retryMs = isRefused ? undefined : retryDelayMs(attempts, random);
    logger.warn({ error, message: claimed.key, attempts, retryMs }, "an alert was not sent");
    metrics.alertMessages.inc({ channel, outcome: retryMs === undefined ? "dead" : "failed" });
    const text = error instanceof Error ? error.message : String(error);
    await markFailed(database.kysely, { id, claim, error: text, retryMs });
    return;
  }
  metrics.alertMessages.inc({ channel, outcome: "sent" });
  await markSent(database.kysely, id, claim);
}

async function deliver(context: ServerContext, claimed: ClaimedMessage): Promise<void> {
  const { settings } = channelSettings({
    kind: claimed.channel_kind,
    settings: claimed.settings,
  });
  const secret = openSecret(context, claimed.channel_id, claimed.secret);
  const message: MessageToSend = {
    kind: claimed.kind,
    key: claimed.key,
    answersKey: claimed.answers_key ?? undefined,
    subject: claimed.subject,
    body: claimed.body,
    facts: claimed.facts,
    createdAtMs: unixMsFromNs(nsFromTimestamptz(claimed.created_at)),
  };
  await sendEmail(settings, secret, message);
}

async function withinTime({ clock }: ServerContext, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const end = clock.setTimer(SEND_TIMEOUT_MS, () =>
    late.reject(new AppError("timed_out", `the other side took longer than ${SEND_TIMEOUT_MS} ms`)),
  );
  try {
    await Promise.race([work, late.promise]);
  } finally {
    end();
  }
}
