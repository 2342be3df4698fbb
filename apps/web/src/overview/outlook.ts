// What is about to break: conditions that are no fault yet, each with what to look at.

import { quotedText } from "@truechimer/filter";
import { countOf } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { paths } from "../url/paths.ts";

export interface Warning {
  readonly key: string;
  readonly text: string;
  readonly href: string;
}

/** A verdict of one witness alone is an opinion. */
const WITNESSES_ENOUGH = 3;
/** An offset beyond this share of the limit is on its way out. */
const NEAR_LIMIT = 0.6;
/** A source that more than half of the servers hang on. */
const SHARED_MIN = 3;

/** Finds them; the gravest first. */
export function outlook(servers: readonly ServerFacts[], limitNs: number): readonly Warning[] {
  const watched = servers.filter((server) => server.state === "watched");
  return [
    ...announcedLeaps(watched),
    ...nearLimit(watched, limitNs),
    ...fewWitnesses(watched),
    ...sharedReference(watched),
  ];
}

/** Leap seconds at the end of the month, as servers announce them; a few among many are the likelier mistake. */
function announcedLeaps(servers: readonly ServerFacts[]): readonly Warning[] {
  const announcing = servers.filter(
    ({ leapInserts, leapDeletes }) => leapInserts + leapDeletes > 0,
  );
  const [first] = announcing;
  if (first === undefined) return [];
  const inserts = announcing.filter(({ leapInserts }) => leapInserts > 0).length;
  const deletes = announcing.filter(({ leapDeletes }) => leapDeletes > 0).length;
  const which =
    deletes === 0
      ? "one more"
      : inserts === 0
        ? "one less"
        : `${inserts} one more, ${deletes} one less`;
  const who =
    announcing.length === 1
      ? `${first.name} announces`
      : `${announcing.length} of ${countOf(servers.length, "server")} announce`;
  return [
    {
      key: "leap-seconds",
      text: `${who} a leap second at the end of this UTC month: ${which}`,
      href: announcing.length === 1 ? paths.server(first.id) : paths.servers("?leap=announced"),
    },
  ];
}

function nearLimit(servers: readonly ServerFacts[], limitNs: number): readonly Warning[] {
  return servers
    .filter(
      ({ verdict, offset }) =>
        verdict === "truechimer" &&
        offset !== undefined &&
        Math.abs(Number(offset.valueNs)) > NEAR_LIMIT * limitNs,
    )
    .map((server) => ({
      key: `near-${server.key}`,
      text: nearLimitText(server, limitNs),
      href: paths.server(server.id),
    }));
}

function nearLimitText({ name, offset }: ServerFacts, limitNs: number): string {
  const value = offset?.valueNs ?? 0n;
  const beyond = Math.abs(Number(value)) > limitNs;
  const where = beyond ? "may be outside the limit already" : "is near the limit";
  return `${name} ${where}: ${formatOffset(value, offset?.boundNs).text}`;
}

function fewWitnesses(servers: readonly ServerFacts[]): readonly Warning[] {
  const few = servers.filter(
    ({ verdict, witnessesFresh }) => verdict !== "unreachable" && witnessesFresh < WITNESSES_ENOUGH,
  );
  const first = few[0];
  if (first === undefined) return [];
  return [
    {
      key: "few-witnesses",
      text:
        few.length === 1
          ? `${first.name} has ${countOf(first.witnessesFresh, "fresh witness", "fresh witnesses")}: its verdict is an opinion`
          : `${countOf(few.length, "server")} with fewer than ${WITNESSES_ENOUGH} fresh witnesses`,
      href: few.length === 1 ? paths.selection(first.id) : paths.coverage(),
    },
  ];
}

/** Nothing is known, or the server's own clock: on another machine that is another clock. */
function isOwnClock(reference: string): boolean {
  return reference === "" || reference.startsWith("127.") || reference === "::1";
}

function sharedReference(servers: readonly ServerFacts[]): readonly Warning[] {
  const secondary = servers.filter(
    ({ stratum, reference }) =>
      (stratum ?? 0) >= 2 && (stratum ?? 16) < 16 && !isOwnClock(reference),
  );
  if (secondary.length < SHARED_MIN) return [];
  const counts = new Map<string, number>();
  for (const { reference } of secondary) counts.set(reference, (counts.get(reference) ?? 0) + 1);
  const [reference, count] = [...counts].toSorted((one, other) => other[1] - one[1])[0] ?? ["", 0];
  if (count < SHARED_MIN || count * 2 <= secondary.length) return [];
  return [
    {
      key: "shared-reference",
      text: `${count} of ${countOf(secondary.length, "server")} take their time from ${reference}: one fault would move them together`,
      href: paths.servers(
        `?q=${encodeURIComponent(`reference_id=${quotedText(reference)}`)}&cols=reference`,
      ),
    },
  ];
}
