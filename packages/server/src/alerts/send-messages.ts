// Sends what waits in the outbox, several channels at a time: one that stalls holds up nobody else.

import { retryDelayMs } from "@truechimer/alerts";
import { AppError, createUlid, sleep, unixMsFromNs, unreachable } from "@truechimer/base";
import { nsFromTimestamptz } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { untilAborted } from "../jobs/until-aborted.ts";
import { channelSettings, openSecret } from "./channel.ts";
import { type MessageToSend, SendRefused } from "./message-to-send.ts";
import {
  type ClaimedMessage,
  claimMessage,
  claimRepeat,
  markFailed,
  markRepeated,
  markSent,
} from "./outbox.ts";
import { REPEAT_MS, sendToAlertmanager } from "./send-alertmanager.ts";
import { sendEmail } from "./send-email.ts";
import { sendWebhook } from "./send-webhook.ts";

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
    const isFree = sending.size < SENDING_MAX && !signal.aborted;
    const work = isFree ? await nextToSend(context, claim) : undefined;
    if (work !== undefined) {
      const sent = work().finally(() => sending.delete(sent));
      sending.add(sent);
    } else if (sending.size === 0) {
      return;
    } else {
      await Promise.race([...sending, sleep(context.clock, LOOK_MS)]);
    }
  }
}

/** What was never sent goes before what is repeated. */
async function nextToSend(
  context: ServerContext,
  claim: string,
): Promise<(() => Promise<void>) | undefined> {
  const { kysely } = context.database;
  const message = await claimMessage(kysely, claim);
  if (message !== undefined) return () => sendOne(context, message, claim);
  const repeat = await claimRepeat(kysely, claim, REPEAT_MS);
  return repeat === undefined ? undefined : () => repeatOne(context, repeat, claim);
}

/** One that fails is made good by the next. */
async function repeatOne(
  context: ServerContext,
  claimed: ClaimedMessage,
  claim: string,
): Promise<void> {
  const { database, logger } = context;
  let problem = "";
  try {
    await withinTime(context, (signal) => deliver(context, claimed, signal));
  } catch (error) {
    logger.warn({ error, message: claimed.key }, "an alert was not repeated");
    problem = error instanceof Error ? error.message : String(error);
  }
  await markRepeated(database.kysely, { id: claimed.id, claim, error: problem });
}

async function sendOne(
  context: ServerContext,
  claimed: ClaimedMessage,
  claim: string,
): Promise<void> {
  const { database, random, logger, metrics } = context;
  const { id, attempts, channel_kind: channel } = claimed;
  try {
    await withinTime(context, (signal) => deliver(context, claimed, signal));
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

async function deliver(
  context: ServerContext,
  claimed: ClaimedMessage,
  signal: AbortSignal,
): Promise<void> {
  const way = channelSettings({ kind: claimed.channel_kind, settings: claimed.settings });
  const secret = openSecret(context, claimed.channel_id, claimed.secret);
  const message: MessageToSend = {
    kind: claimed.kind,
    key: claimed.key,
    answersKey: claimed.answers_key ?? undefined,
    answersFacts: claimed.answers_facts,
    subject: claimed.subject,
    body: claimed.body,
    facts: claimed.facts,
    createdAtMs: unixMsFromNs(nsFromTimestamptz(claimed.created_at)),
  };
  switch (way.kind) {
    case "email":
      return sendEmail(way.settings, secret, message);
    case "webhook":
      return sendWebhook({ context, settings: way.settings, secret, signal }, message);
    case "alertmanager":
      return sendToAlertmanager({ context, settings: way.settings, secret, signal }, message);
    default:
      return unreachable(way);
  }
}

async function withinTime(
  { clock }: ServerContext,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const end = clock.setTimer(SEND_TIMEOUT_MS, () =>
    late.abort(
      new AppError("timed_out", `the other side took longer than ${SEND_TIMEOUT_MS / 1_000} s`),
    ),
  );
  try {
    await untilAborted(work(late.signal), late.signal);
  } finally {
    end();
  }
}
