// Events as people read them: a burst of the same kind is one line, and the name in a sentence is what it links.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";
import { verdictName } from "./words.ts";

export interface EventGroup {
  readonly key: string;
  /** The newest first; more than one for a burst. */
  readonly events: readonly [adminV1.Event, ...adminV1.Event[]];
}

/** Nearer together than this is a burst. */
const BURST_MS = 10_000;
const BURST_MIN = 3;

/** What a burst says of its names; a kind without words is never joined. Bad news stands alone, always. */
const BURST_WORDS: Readonly<Record<string, string>> = {
  server_added: "were added",
  server_paused: "were paused",
  server_resumed: "are watched again",
  server_removed: "were removed",
  server_restored: "are back",
  monitor_added: "joined as monitors",
  monitor_online: "came online",
  monitor_offline: "went offline",
  became_true: "are truechimers now",
};

/** Joins neighbours of one kind within ten seconds, three or more, into one group. */
export function groupEvents(events: readonly adminV1.Event[]): readonly EventGroup[] {
  const groups: [adminV1.Event, ...adminV1.Event[]][] = [];
  for (const event of events) {
    const group = groups.at(-1);
    if (group !== undefined && belongs(group, event)) group.push(event);
    else groups.push([event]);
  }
  return groups.flatMap((group) =>
    group.length >= BURST_MIN ? [toGroup(group)] : group.map((event) => toGroup([event])),
  );
}

function toGroup(events: readonly [adminV1.Event, ...adminV1.Event[]]): EventGroup {
  return { key: events[0].id.toString(), events };
}

function belongs(
  [first]: readonly [adminV1.Event, ...adminV1.Event[]],
  event: adminV1.Event,
): boolean {
  if (BURST_WORDS[burstKind(event)] === undefined) return false;
  if (burstKind(event) !== burstKind(first)) return false;
  return Math.abs((msOf(first.at) ?? 0) - (msOf(event.at) ?? 0)) <= BURST_MS;
}

function burstKind(event: adminV1.Event): string {
  const becameTrue = verdictName(event.verdictAfter) === "truechimer";
  return event.kind === "verdict_changed" && becameTrue ? "became_true" : event.kind;
}

/** What is said after the names of a burst. */
export function burstWords(event: adminV1.Event): string {
  return BURST_WORDS[burstKind(event)] ?? "changed";
}

/** Whom an event is about. */
export function nameOf(event: adminV1.Event): string {
  return event.serverName === "" ? event.monitorName : event.serverName;
}

/** The sentence around its name: before, after. A sentence without the name gets it in front. */
export function aroundName(event: adminV1.Event): readonly [before: string, after: string] {
  const name = nameOf(event);
  const at = name === "" ? -1 : event.text.indexOf(name);
  return at < 0
    ? ["", ` ${event.text}`]
    : [event.text.slice(0, at), event.text.slice(at + name.length)];
}
