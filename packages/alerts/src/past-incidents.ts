// What alerts of the past would have come to: incidents, each with one cause, and the messages about them.

import type { UnixNs } from "@truechimer/base";
import type { Cause } from "./cause.ts";
import type { PastAlert } from "./past-alert.ts";
import { type QuietHours, quietUntil } from "./quiet-hours.ts";

/** What has one cause is given this long to show, so that it is told at once. */
export const GATHER_NS = 4_000_000_000n;

export interface PastAlertOf<Subject> extends PastAlert {
  readonly subject: Subject;
}

export interface PastIncident<Subject> {
  readonly cause: Cause;
  readonly beganAtNs: UnixNs;
  /** Undefined: it had not ended when the range did. */
  readonly endedAtNs: UnixNs | undefined;
  /** In the order in which they fired. */
  readonly alerts: readonly PastAlertOf<Subject>[];
}

/** Of alerts that fire within the same few seconds: the cause of each, in their order. */
export type CausesAt<Subject> = (
  alerts: readonly PastAlertOf<Subject>[],
  atNs: UnixNs,
) => readonly Cause[];

/** An alert joins the incident of its cause that goes on when it fires; otherwise it begins one. */
export function pastIncidents<Subject>(
  alerts: readonly PastAlertOf<Subject>[],
  causesAt: CausesAt<Subject>,
): readonly PastIncident<Subject>[] {
  const found: { cause: Cause; alerts: PastAlertOf<Subject>[] }[] = [];
  const latest = new Map<string, (typeof found)[number]>();
  for (const batch of batchesOf(alerts)) {
    const atNs = (batch[0]?.firedAtNs ?? 0n) + GATHER_NS;
    const causes = causesAt(batch, atNs);
    for (const [index, alert] of batch.entries()) {
      const cause = causes[index];
      if (cause === undefined) continue;
      const known = latest.get(cause.key);
      if (known !== undefined && goesOnAt(known.alerts, alert.firedAtNs)) {
        known.alerts.push(alert);
        continue;
      }
      const incident = { cause, alerts: [alert] };
      found.push(incident);
      latest.set(cause.key, incident);
    }
  }
  return found.map(({ cause, alerts: members }) => ({
    cause,
    alerts: members,
    beganAtNs: members[0]?.firedAtNs ?? 0n,
    endedAtNs: endOf(members),
  }));
}

function batchesOf<Subject>(
  alerts: readonly PastAlertOf<Subject>[],
): readonly (readonly PastAlertOf<Subject>[])[] {
  const batches: PastAlertOf<Subject>[][] = [];
  for (const alert of alerts.toSorted((a, b) => (a.firedAtNs < b.firedAtNs ? -1 : 1))) {
    const batch = batches.at(-1);
    const beganNs = batch?.[0]?.firedAtNs;
    if (batch !== undefined && beganNs !== undefined && alert.firedAtNs - beganNs < GATHER_NS)
      batch.push(alert);
    else batches.push([alert]);
  }
  return batches;
}

function goesOnAt(alerts: readonly PastAlert[], atNs: UnixNs): boolean {
  return alerts.some(({ endedAtNs }) => endedAtNs === undefined || endedAtNs > atNs);
}

function endOf(alerts: readonly PastAlert[]): UnixNs | undefined {
  let latest: UnixNs | undefined;
  for (const { endedAtNs } of alerts) {
    if (endedAtNs === undefined) return undefined;
    if (latest === undefined || endedAtNs > latest) latest = endedAtNs;
  }
  return latest;
}

/** Whom a rule tells, and when. */
export interface Telling {
  /** Channels that are told of the beginning and of the end. */
  readonly channelIds: readonly bigint[];
  readonly quiet: QuietHours | undefined;
  /** Milliseconds after the first message. Undefined: never. */
  readonly escalateAfterMs: number | undefined;
  /** Channels that are told then. */
  readonly escalationChannelIds: readonly bigint[];
}

/** Messages about one incident that nobody acknowledges, until the end of the range. */
export function pastMessages(
  { beganAtNs, endedAtNs }: Pick<PastIncident<unknown>, "beganAtNs" | "endedAtNs">,
  telling: Telling,
  toNs: UnixNs,
): number {
  const overNs = endedAtNs ?? toNs;
  const openedNs = spokenAt(telling.quiet, beganAtNs + GATHER_NS);
  if (telling.channelIds.length === 0 || openedNs === undefined || openedNs >= overNs) return 0;
  const told = new Set(telling.channelIds);
  let messages = told.size;
  if (telling.escalateAfterMs !== undefined) {
    const impatientNs = openedNs + BigInt(telling.escalateAfterMs) * 1_000_000n;
    const escalatedNs = spokenAt(telling.quiet, impatientNs);
    if (escalatedNs !== undefined && escalatedNs < overNs) {
      const escalated = new Set(telling.escalationChannelIds);
      messages += escalated.size;
      for (const id of escalated) told.add(id);
    }
  }
  return endedAtNs === undefined ? messages : messages + told.size;
}

/** Undefined: it is quiet all day. */
function spokenAt(quiet: QuietHours | undefined, atNs: UnixNs): UnixNs | undefined {
  const spokenNs = quietUntil(quiet, atNs);
  return quietUntil(quiet, spokenNs) === spokenNs ? spokenNs : undefined;
}
