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
import { acceptedSpan, checksUntil, type LiveFeed, missedWords } from "./live-feed.ts";
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
  const [stoppedMs, setStoppedMs] = useState<number>();
  const nowMs = useNow();
  const opened = parseId(search["check"]);
  const checks = useMemo(
    () => (stoppedMs === undefined ? feed.checks : checksUntil(feed.checks, stoppedMs)),
    [feed.checks, stoppedMs],
  );
  return (
    <article className="live-page">
      <header className="page-head">
        <h1>Live</h1>
        <p className="page-sentence">{sentenceOf(feed, stoppedMs)}</p>
      </header>
      <div className="tools">
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder="A server or reason, or abs_offset>5ms"
          text={written}
          problem={filter.problem}
          onChange={(text) => change({ q: text }, "replace")}
        />
        <Playback feed={feed} stoppedMs={stoppedMs} onStop={setStoppedMs} />
      </div>
      {error === undefined ? null : (
        <ProblemNote error={error} title="The live stream is interrupted" />
      )}
      <LiveStrip checks={checks} endMs={stoppedMs ?? nowMs} />
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

function sentenceOf(feed: LiveFeed, stoppedMs: number | undefined): string {
  const kept = countOf(feed.checks.length, "check");
  const forgotten =
    feed.forgotten === 0 ? "" : `; ${formatCount(feed.forgotten)} older ones are not kept here`;
  const missed = missedWords(feed);
  const state = stoppedMs === undefined ? "As they arrive" : "Stopped";
  return `${state}: ${kept} since this page was opened${forgotten}.${missed === undefined ? "" : ` ${missed}`}`;
}

/** Stop, go back within what the page remembers, and on again. */
function Playback(props: {
  readonly feed: LiveFeed;
  readonly stoppedMs: number | undefined;
  readonly onStop: (atMs: number | undefined) => void;
}): ReactNode {
  const { feed, stoppedMs, onStop } = props;
  const span = useMemo(() => acceptedSpan(feed.checks), [feed.checks]);
  if (span === undefined) return null;
  if (stoppedMs === undefined) {
    return (
      <button type="button" className="button" onClick={() => onStop(span.lastMs)}>
        Pause
      </button>
    );
  }
  const later = feed.checks.length - checksUntil(feed.checks, stoppedMs).length;
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
          value={stoppedMs}
          aria-valuetext={new Date(stoppedMs).toISOString()}
          onChange={(event) => onStop(Number(event.target.value))}
        />
      </label>
      <span className="number">
        <Instant atMs={stoppedMs} />
      </span>
      <span className="soft" role="status">
        {formatCount(later)} came later
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
  const [held, setHeld] = useState(false);
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
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <LiveTable rows={rows} opened={props.opened} onOpen={props.onOpen} />
    </div>
  );
}
