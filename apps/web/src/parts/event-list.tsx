// What changed, newest first. While somebody reads it nothing moves: what is new waits behind a line that says so.

import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { msOf } from "../api/message.ts";
import { formatInstant } from "../format/instant.ts";
import { countOf } from "../format/number.ts";
import { formatRelative } from "../format/relative-time.ts";
import { paths } from "../url/paths.ts";
import { useHeld } from "./held.ts";
import { useNow } from "./now.ts";
import { zoneStore } from "./settings.ts";
import { useStore } from "./store.ts";

import { VerdictShape } from "./verdict.tsx";
import { verdictName } from "./words.ts";

const SHOWN_FIRST = 12;

interface EventListProps {
  readonly events: readonly adminV1.Event[];
  /** Each event carries a link to its server. */
  readonly named?: boolean;
}

export function EventList(props: EventListProps): ReactNode {
  const [pointerInside, setPointerInside] = useState(false);
  const [all, setAll] = useState(false);
  const events = useHeld(props.events, pointerInside);
  const waiting = props.events.filter((event) => event.id > (events[0]?.id ?? 0n)).length;
  if (events.length === 0) return <p className="soft">Nothing has changed in the last day.</p>;
  const shown = all ? events : events.slice(0, SHOWN_FIRST);
  return (
    <div
      onPointerEnter={() => setPointerInside(true)}
      onPointerLeave={() => setPointerInside(false)}
    >
      <ol className="events">
        {shown.map((event, index) => (
          <EventRow
            key={event.id.toString()}
            event={event}
            named={props.named === true}
            before={shown[index - 1]}
          />
        ))}
      </ol>
      <p className="events-foot">
        {events.length > shown.length ? (
          <button type="button" className="button is-plain" onClick={() => setAll(true)}>
            Show all {events.length}
          </button>
        ) : null}
        <span className="soft" role="status">
          {pointerInside && waiting > 0
            ? `${countOf(waiting, "newer event")} when you look away`
            : ""}
        </span>
      </p>
    </div>
  );
}

interface EventRowProps {
  readonly event: adminV1.Event;
  readonly named: boolean;
  /** The newer one above it. */
  readonly before: adminV1.Event | undefined;
}

function EventRow(props: EventRowProps): ReactNode {
  const { event, named } = props;
  const atMs = msOf(event.at);
  const changed = event.kind === "verdict_changed";
  return (
    <li>
      <EventTime atMs={atMs} beforeMs={msOf(props.before?.at)} />
      <span className="event-mark">
        {changed ? (
          <VerdictShape verdict={verdictName(event.verdictAfter)} />
        ) : (
          <span className="event-dot" />
        )}
      </span>
      <span className="event-text">
        {named && event.serverId !== undefined ? (
          <a href={paths.server(event.serverId)}>{event.serverName}</a>
        ) : null}
        {named && event.serverId === undefined && event.monitorName !== "" ? (
          <strong>{event.monitorName}</strong>
        ) : null}{" "}
        {withoutName(event, named)}
      </span>
    </li>
  );
}

/** The time of day; the date above it where another day begins. */
function EventTime(props: {
  readonly atMs: number | undefined;
  readonly beforeMs: number | undefined;
}): ReactNode {
  const zone = useStore(zoneStore);
  const nowMs = useNow();
  if (props.atMs === undefined) return <span className="event-time" />;
  const date = formatInstant(props.atMs, zone, "date");
  const newer = formatInstant(props.beforeMs ?? nowMs, zone, "date");
  return (
    <span className="event-time">
      {date === newer ? null : <span className="event-date number">{date}</span>}
      <time
        className="number"
        dateTime={new Date(props.atMs).toISOString()}
        title={`${formatInstant(props.atMs, zone)}, ${formatRelative(props.atMs, nowMs)}`}
      >
        {formatInstant(props.atMs, zone, "time")}
      </time>
    </span>
  );
}

/** The sentence without the name that already stands before it. */
function withoutName(event: adminV1.Event, named: boolean): string {
  const name = event.serverName === "" ? event.monitorName : event.serverName;
  if (!named || name === "" || !event.text.startsWith(name)) return event.text;
  return event.text.slice(name.length).replace(/^[:,]?\s+/, "");
}
