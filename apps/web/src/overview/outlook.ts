// What is about to break: conditions that are no fault yet, each with what to look at.

import type { adminV1 } from "@truechimer/api";
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
export function outlook(
  servers: readonly ServerFacts[],
  monitors: readonly adminV1.Monitor[],
  limitNs: number,
): readonly Warning[] {
  const watched = servers.filter((server) => server.state === "watched");
  return [
    ...lostMonitors(monitors),
    ...nearLimit(watched, limitNs),
    ...fewWitnesses(watched),
    ...sharedReference(watched),
  ];
}

function lostMonitors(monitors: readonly adminV1.Monitor[]): readonly Warning[] {
  const lost = monitors.filter((monitor) => !monitor.online);
  if (lost.length === 0) return [];
  const names = lost.slice(0, 3).map((monitor) => monitor.name);
  const rest = lost.length > names.length ? ` and ${lost.length - names.length} more` : "";
  return [
    {
      key: "lost-monitors",
      text: `${countOf(lost.length, "monitor")} offline: ${names.join(", ")}${rest}`,
      href: paths.monitors(),
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
      href:
        few.length === 1 ? paths.server(first.id) : paths.servers("?sort=witnesses&cols=witnesses"),
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
      href: paths.servers(`?q=${encodeURIComponent(reference)}&cols=reference`),
    },
  ];
}
