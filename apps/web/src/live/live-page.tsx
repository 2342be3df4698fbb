// Checks as they arrive: a picture of the last minutes, the newest as rows, one of them opened down to its packet. Stopping
// and going back only changes what is shown; what comes meanwhile is kept and counted.

import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo, useState } from "react";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { countOf, formatCount } from "../format/number.ts";
import { useHeld } from "../parts/held.ts";
import { useNow } from "../parts/now.ts";
import { EmptyState, ProblemNote } from "../parts/states.tsx";
import { Instant } from "../parts/values.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import {
  acceptedSpan,
  checksUntil,
  LIVE_CHECKS_MAX,
  type LiveFeed,
  laterThan,
  missedWords,
  receivedBy,
  type Stop,
} from "./live-feed.ts";
import { LiveStrip } from "./live-strip.tsx";
import { LiveTable } from "./live-table.tsx";
import { OpenedCheck } from "./opened-check.tsx";
import { useLiveFeed } from "./use-live-feed.ts";

/** More rows than anybody reads while they come; the picture has all that the page remembers. */
const ROWS_MAX = 100;

export function LivePage(): ReactNode {
  useTitle("Live");
  const [search, change] = useSearchState();
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const { feed, error } = useLiveFeed(useUnhurried(filter.text));
  const [stop, setStop] = useState<Stop>();
  const nowMs = useNow();
  const opened = parseId(search["check"]);
  const checks = useMemo(
    () => (stop === undefined ? feed.checks : checksUntil(stop.feed.checks, stop.untilMs)),
    [feed.checks, stop],
  );
  return (
    <article className="live-page">
      <header className="page-head">
        <h1>Live</h1>
        <p className="page-sentence">{sentenceOf(feed, stop)}</p>
      </header>
      <div className="tools">
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder="A server or reason, or abs_offset>5ms"
          text={written}
          problem={filter.problem}
          onChange={(text) => {
            // Another filter is another stream: what stood still was of the one before.
            setStop(undefined);
            change({ q: text }, "replace");
          }}
        />
        <Playback feed={feed} stop={stop} onStop={setStop} />
      </div>
      {error === undefined ? null : (
        <ProblemNote error={error} title="The live stream is interrupted" />
      )}
      <LiveStrip checks={checks} endMs={stop?.untilMs ?? nowMs} />
      <div className={opened === undefined ? "" : "live-columns"}>
        <Rows
          checks={checks}
          filter={filter.text}
          opened={opened}
          onOpen={(id) => change({ check: id.toString() }, "replace")}
        />
        {opened === undefined ? null : (
          <OpenedCheck id={opened} onClose={() => change({ check: undefined }, "replace")} />
        )}
      </div>
    </article>
  );
}

function sentenceOf(feed: LiveFeed, stop: Stop | undefined): string {
  const received = countOf(receivedBy(feed), "check");
  const forgotten =
    feed.forgotten === 0
      ? ""
      : `, of which the newest ${formatCount(LIVE_CHECKS_MAX)} are kept here`;
  const missed = missedWords(feed);
  const state = stop === undefined ? "As they arrive" : "Stopped";
  return `${state}: ${received} since this page was opened${forgotten}.${missed === undefined ? "" : ` ${missed}`}`;
}

/** Stop, go back within what the page remembers, and on again. */
function Playback(props: {
  readonly feed: LiveFeed;
  readonly stop: Stop | undefined;
  readonly onStop: (stop: Stop | undefined) => void;
}): ReactNode {
  const { feed, stop, onStop } = props;
  const shown = stop?.feed ?? feed;
  const span = useMemo(() => acceptedSpan(shown.checks), [shown.checks]);
  if (span === undefined) return null;
  if (stop === undefined) {
    return (
      <button
        type="button"
        className="button"
        onClick={() => onStop({ feed, untilMs: span.lastMs })}
      >
        Pause
      </button>
    );
  }
  return (
    <div className="button-row live-playback">
      <button type="button" className="button is-main" onClick={() => onStop(undefined)}>
        Go on
      </button>
      <label>
        <span className="visually-hidden">Shown until</span>
        <input
          type="range"
          min={Math.ceil(span.firstMs)}
          max={Math.ceil(span.lastMs)}
          step="any"
          value={stop.untilMs}
          aria-valuetext={new Date(stop.untilMs).toISOString()}
          onChange={(event) => onStop({ ...stop, untilMs: Number(event.target.value) })}
        />
      </label>
      <span className="number">
        <Instant atMs={stop.untilMs} />
      </span>
      <span className="soft" role="status">
        {formatCount(laterThan(stop, feed))} came later
      </span>
    </div>
  );
}

function Rows(props: {
  readonly checks: readonly adminV1.WatchedCheck[];
  readonly filter: string;
  readonly opened: bigint | undefined;
  readonly onOpen: (id: bigint) => void;
}): ReactNode {
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const held = pointed || focused;
  const rows = useHeld(props.checks.slice(0, ROWS_MAX), held && props.checks.length > 0);
  if (rows.length === 0) {
    return (
      <EmptyState title="No check yet">
        <p>
          {props.filter === ""
            ? "The next check is shown as soon as a monitor delivers it."
            : "The next check that passes the filter is shown as soon as a monitor delivers it."}
        </p>
      </EmptyState>
    );
  }
  return (
    // Nothing moves under the pointer, nor under the keyboard's focus.
    <div
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <LiveTable rows={rows} opened={props.opened} onOpen={props.onOpen} />
    </div>
  );
}
