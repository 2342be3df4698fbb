// What changed, newest first. While somebody reads it nothing moves: what is new waits behind a line that says so.

import type { adminV1 } from "@truechimer/api";
import { Fragment, type ReactNode, useMemo, useState } from "react";
import { msOf } from "../api/message.ts";
import { formatInstant } from "../format/instant.ts";
import { countOf } from "../format/number.ts";
import { formatRelative } from "../format/relative-time.ts";
import { paths } from "../url/paths.ts";
import { aroundName, burstWords, type EventGroup, groupEvents, nameOf } from "./event-groups.ts";
import { FaultPicture } from "./fault-picture.tsx";
import { useHeld } from "./held.ts";
import { useNow } from "./now.ts";
import { zoneStore } from "./settings.ts";
import { useStore } from "./store.ts";
import { VerdictShape } from "./verdict.tsx";
import { verdictName } from "./words.ts";

const SHOWN_FIRST = 12;
/** Names of a burst that are written out. */
const NAMES_SHOWN = 4;

interface EventListProps {
  readonly events: readonly adminV1.Event[];
  /** Whether each verdict says by which rule set it was reached. */
  readonly showsRules?: boolean;
}

export function EventList(props: EventListProps): ReactNode {
  const [pointerInside, setPointerInside] = useState(false);
  const [all, setAll] = useState(false);
  const events = useHeld(props.events, pointerInside);
  const groups = useMemo(() => groupEvents(events), [events]);
  const waiting = props.events.filter((event) => event.id > (events[0]?.id ?? 0n)).length;
  if (groups.length === 0) return <p className="soft">Nothing has changed in the last day.</p>;
  const shown = all ? groups : groups.slice(0, SHOWN_FIRST);
  return (
    <div
      onPointerEnter={() => setPointerInside(true)}
      onPointerLeave={() => setPointerInside(false)}
    >
      <ol className="events">
        {shown.map((group, index) => (
          <EventRow
            key={group.key}
            group={group}
            above={shown[index - 1]}
            showsRules={props.showsRules === true}
          />
        ))}
      </ol>
      <p className="events-foot">
        {groups.length > shown.length ? (
          <button type="button" className="button is-small" onClick={() => setAll(true)}>
            Show {groups.length - shown.length} more
          </button>
        ) : null}
        <span className="soft" role="status">
          {pointerInside && waiting > 0
            ? ` ${countOf(waiting, "newer event")} when you look away`
            : ""}
        </span>
      </p>
    </div>
  );
}

function EventRow(props: {
  readonly group: EventGroup;
  readonly above: EventGroup | undefined;
  readonly showsRules: boolean;
}): ReactNode {
  const [event] = props.group.events;
  const changed = event.kind === "verdict_changed";
  return (
    <li>
      <EventTime atMs={msOf(event.at)} aboveMs={msOf(props.above?.events[0].at)} />
      <span className="event-mark">
        {changed ? (
          <VerdictShape verdict={verdictName(event.verdictAfter)} />
        ) : (
          <span className="event-dot" />
        )}
      </span>
      <div className="event-text">
        {props.group.events.length === 1 ? (
          <>
            <EventSentence event={event} />
            {props.showsRules && event.ruleSet !== "" ? (
              <span className="soft"> by {event.ruleSet}</span>
            ) : null}
            <EventEvidence event={event} />
          </>
        ) : (
          <BurstSentence events={props.group.events} />
        )}
      </div>
    </li>
  );
}

/** The time of day; the date above it where another day begins. */
function EventTime(props: {
  readonly atMs: number | undefined;
  readonly aboveMs: number | undefined;
}): ReactNode {
  const zone = useStore(zoneStore);
  const nowMs = useNow();
  if (props.atMs === undefined) return <span className="event-time" />;
  const date = formatInstant(props.atMs, zone, "date");
  const newer = formatInstant(props.aboveMs ?? nowMs, zone, "date");
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

function EventSentence(props: { readonly event: adminV1.Event }): ReactNode {
  const [before, after] = aroundName(props.event);
  return (
    <>
      {before}
      <EventName event={props.event} />
      {after}
    </>
  );
}

/** What was wrong then, who saw it, and their packets. */
function EventEvidence(props: { readonly event: adminV1.Event }): ReactNode {
  const { evidence } = props.event;
  if (evidence.length === 0) return null;
  return (
    <details className="event-evidence">
      <summary>Who saw it</summary>
      {evidence.map((fault) => (
        <FaultPicture key={`${fault.reach} ${fault.reachFrom} ${fault.cause}`} fault={fault} />
      ))}
    </details>
  );
}

function BurstSentence(props: { readonly events: EventGroup["events"] }): ReactNode {
  const { events } = props;
  const rest = events.slice(NAMES_SHOWN);
  return (
    <>
      {events.slice(0, NAMES_SHOWN).map((event, index) => (
        <Fragment key={event.id.toString()}>
          {index === 0 ? "" : ", "}
          <EventName event={event} />
        </Fragment>
      ))}
      {rest.length === 0 ? null : (
        <span title={rest.map(nameOf).join(", ")}> and {rest.length} more</span>
      )}{" "}
      {burstWords(events[0])}
    </>
  );
}

function EventName(props: { readonly event: adminV1.Event }): ReactNode {
  const { event } = props;
  if (event.serverId === undefined) return <strong>{nameOf(event)}</strong>;
  return <a href={paths.server(event.serverId)}>{nameOf(event)}</a>;
}
