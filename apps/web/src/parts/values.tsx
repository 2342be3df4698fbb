// Numbers and times as components: each with its exact form one hover away.

import type { ReactNode } from "react";
import type { OffsetNs } from "../api/message.ts";
import { formatInstant, formatInstantNear } from "../format/instant.ts";
import { NO_BREAK_SPACE } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { formatAge, formatRelative } from "../format/relative-time.ts";
import { formatScore } from "../format/score.ts";
import { useNow } from "./now.ts";
import { zoneStore } from "./settings.ts";
import { useStore } from "./store.ts";

/** What stands where nothing is known. */
export function Nothing(props: { readonly why?: string }): ReactNode {
  return (
    <span className="nothing" title={props.why}>
      –<span className="visually-hidden">{props.why ?? "unknown"}</span>
    </span>
  );
}

/** An offset in running text. Where a line is too short for it, it ends before the bound. */
export function OffsetText(props: { readonly offset: OffsetNs | undefined }): ReactNode {
  if (props.offset === undefined) return <Nothing why="no offset measured" />;
  const text = formatOffset(props.offset.valueNs, props.offset.boundNs);
  const [value, bound] = text.text.split("±");
  return (
    <span className="number" title={text.exact}>
      {value}
      {bound === undefined ? null : (
        <>
          <wbr />±{bound}
        </>
      )}
    </span>
  );
}

/** An offset in a table: value, unit and bound each in line with those above. */
export function OffsetColumns(props: { readonly offset: OffsetNs | undefined }): ReactNode {
  if (props.offset === undefined) {
    return (
      <span className="offset-columns">
        <span className="offset-value">
          <Nothing why="no offset measured" />
        </span>
        <span />
        <span />
      </span>
    );
  }
  const text = formatOffset(props.offset.valueNs, props.offset.boundNs);
  return (
    <span className="offset-columns number" title={text.exact}>
      <span className="offset-value">{text.value}</span>
      <span className="offset-unit">{NO_BREAK_SPACE + text.unit}</span>
      <span className="offset-bound">
        {text.bound === undefined ? "" : `${NO_BREAK_SPACE}±${NO_BREAK_SPACE}${text.bound}`}
      </span>
    </span>
  );
}

/** "12 s ago", the instant on hover. */
export function TimeAgo(props: {
  readonly atMs: number | undefined;
  readonly never?: string;
  readonly bare?: boolean;
}): ReactNode {
  const nowMs = useNow();
  const zone = useStore(zoneStore);
  if (props.atMs === undefined) return <Nothing why={props.never ?? "never"} />;
  const text =
    props.bare === true ? formatAge(nowMs - props.atMs) : formatRelative(props.atMs, nowMs);
  return (
    <time
      className="number"
      dateTime={new Date(props.atMs).toISOString()}
      title={formatInstant(props.atMs, zone)}
    >
      {text}
    </time>
  );
}

/** An instant, how long ago on hover; without its date when that is today's. */
export function Instant(props: { readonly atMs: number; readonly full?: boolean }): ReactNode {
  const nowMs = useNow();
  const zone = useStore(zoneStore);
  const text =
    props.full === true
      ? formatInstant(props.atMs, zone)
      : formatInstantNear(props.atMs, nowMs, zone);
  return (
    <time
      className="number"
      dateTime={new Date(props.atMs).toISOString()}
      title={`${formatInstant(props.atMs, zone)}, ${formatRelative(props.atMs, nowMs)}`}
    >
      {text}
    </time>
  );
}

/** A score is never shown without its age. */
export function Score(props: {
  readonly score: number | undefined;
  readonly atMs: number | undefined;
}): ReactNode {
  if (props.score === undefined) return <Nothing why="not scored yet" />;
  return (
    <span className="score number">
      <span className={props.score < 0 ? "score-value is-low" : "score-value"}>
        {formatScore(props.score)}
      </span>
      <span className="score-age">
        <TimeAgo atMs={props.atMs} bare />
      </span>
    </span>
  );
}
