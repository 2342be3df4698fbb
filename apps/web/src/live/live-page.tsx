// Checks as they arrive: a picture of the last minutes, the newest as rows, one of them opened down to its packet. Stopped,
// what is shown stays, whatever comes meanwhile; gone back, stored checks are shown as of then, and played on until they
// have caught up with what arrives.

import { type ReactNode, useEffect, useMemo, useState } from "react";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { countOf, formatCount } from "../format/number.ts";
import { useHeld } from "../parts/held.ts";
import { serverNowMs, useNow } from "../parts/now.ts";
import { EmptyState, ProblemNote } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { ExportLinks } from "./export-links.tsx";
import {
  acceptedSpan,
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
import { PlaybackControls } from "./playback-controls.tsx";
import { RECORDED_CHECKS_MAX, type Recorded } from "./recording.ts";
import { checksUntil, type ShownCheck } from "./shown-check.ts";
import { useLiveFeed } from "./use-live-feed.ts";
import { usePlayback } from "./use-playback.ts";

/** More rows than anybody reads while they come; the picture has all that the page remembers. */
const ROWS_MAX = 100;

/** What stood on the page when it was stopped, and for which place in the address that holds. */
interface Kept extends Stop {
  readonly at: string;
}

export function LivePage(): ReactNode {
  useTitle("Live");
  const [search, change] = useSearchState();
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const asked = useUnhurried(filter.text);
  const { feed, error } = useLiveFeed(asked);
  const [kept, setKept] = useState<Kept>();
  const [leftAt, setLeftAt] = useState(0);
  const playback = usePlayback(asked, (at) => kept !== undefined && kept.at === at);
  const { atMs, speed, recorded } = playback;
  const isLive = atMs === undefined;
  const isKept = kept !== undefined && kept.at === playback.at && speed === 0;
  const nowMs = useNow();
  const opened = parseId(search["check"]);
  const checks = useMemo((): readonly ShownCheck[] => {
    if (atMs === undefined) return feed.checks;
    return isKept
      ? checksUntil(kept.feed.checks, kept.untilMs)
      : checksUntil(recorded.checks, atMs);
  }, [feed.checks, kept, isKept, recorded.checks, atMs]);
  // What stood still was of the filter before.
  useEffect(() => setKept(undefined), [asked]);

  const pause = (): void => {
    setLeftAt(receivedBy(feed));
    if (!isLive) return playback.pause();
    const untilMs = Math.ceil(acceptedSpan(feed.checks)?.lastMs ?? serverNowMs());
    setKept({ feed, untilMs, at: new Date(untilMs).toISOString() });
    playback.goTo({ atMs: untilMs, speed: 0 });
  };

  const later = isKept
    ? laterThan(kept, feed)
    : receivedBy(feed) - Math.min(leftAt, receivedBy(feed));
  const endMs = atMs ?? nowMs;
  return (
    <article className="live-page">
      <header className="page-head">
        <h1>Live</h1>
        <p className="page-sentence">
          {isLive || isKept ? sentenceOf(feed, isLive) : recordedSentence(recorded, speed !== 0)}
        </p>
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
        <span className="tools-gap" />
        <ExportLinks filter={filter.text} checks={checks} endMs={endMs} isLive={isLive} />
      </div>
      <PlaybackControls playback={playback} later={later} onPause={pause} />
      {error === undefined ? null : (
        <ProblemNote error={error} title="The live stream is interrupted" />
      )}
      {isLive || recorded.error === undefined ? null : (
        <ProblemNote error={recorded.error} title="Stored checks could not be loaded" />
      )}
      <LiveStrip checks={checks} endMs={endMs} />
      <div className={opened === undefined ? "" : "live-columns"}>
        <Rows
          checks={checks}
          filter={filter.text}
          isLive={isLive}
          isLoading={recorded.isLoading}
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

function sentenceOf(feed: LiveFeed, isLive: boolean): string {
  const received = countOf(receivedBy(feed), "check");
  const forgotten =
    feed.forgotten === 0
      ? ""
      : `, of which the newest ${formatCount(LIVE_CHECKS_MAX)} are kept here`;
  const missed = missedWords(feed);
  const state = isLive ? "As they arrive" : "Stopped";
  return `${state}: ${received} since this page was opened${forgotten}.${missed === undefined ? "" : ` ${missed}`}`;
}

function recordedSentence({ isThinned }: Recorded, isPlaying: boolean): string {
  const what = isPlaying ? "Stored checks, played on" : "Stored checks, as of then";
  if (!isThinned) return `${what}.`;
  return `${what}: the newest ${formatCount(RECORDED_CHECKS_MAX)} of each stretch; there are more, and an export has them all.`;
}

function Rows(props: {
  readonly checks: readonly ShownCheck[];
  readonly filter: string;
  readonly isLive: boolean;
  readonly isLoading: boolean;
  readonly opened: bigint | undefined;
  readonly onOpen: (id: bigint) => void;
}): ReactNode {
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const held = pointed || focused;
  const rows = useHeld(props.checks.slice(0, ROWS_MAX), held && props.checks.length > 0);
  if (rows.length === 0 && !props.isLive) {
    return props.isLoading ? (
      <p className="soft" role="status">
        Looking for stored checks
      </p>
    ) : (
      <EmptyState title="No check until then">
        <p>
          {props.filter === ""
            ? "Nothing is stored from before this instant."
            : "Nothing that passes the filter was found before this instant, as far as was looked."}
        </p>
      </EmptyState>
    );
  }
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
