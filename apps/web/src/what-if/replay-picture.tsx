// One server under both sets of rules: its overall score over time as it was and as it would be, and under them its verdicts.

import type { rulesV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { formatScore } from "../format/score.ts";
import { timeTicks } from "../history/ticks.ts";
import { zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";
import { useWidth } from "../parts/use-size.ts";
import { verdictName } from "../parts/words.ts";
import { replayLayout } from "./replay-layout.ts";

const HEIGHT = 160;
/** For the numbers at the right edge. */
const MARGIN = 40;
const STRIP_HEIGHT = 8;
const STRIP_ROW = 18;
const TICK_WIDTH = 90;

export function ReplayPicture(props: { readonly replay: rulesV1.ReplayServerResponse }): ReactNode {
  const { replay } = props;
  const [holder, outerWidth] = useWidth<HTMLElement>();
  const zone = useStore(zoneStore);
  const width = Math.max(0, outerWidth - MARGIN);
  const [fromMs, toMs] = [msOf(replay.from) ?? 0, msOf(replay.to) ?? 0];
  const layout = replayLayout(
    {
      fromMs,
      toMs,
      scores: replay.scores.map(({ at, score, scoreTried }) => ({
        atMs: msOf(at) ?? 0,
        score,
        scoreTried,
      })),
      verdicts: replay.verdicts.map(({ at, verdict, verdictTried }) => ({
        atMs: msOf(at) ?? 0,
        verdict: verdictName(verdict),
        verdictTried: verdictName(verdictTried),
      })),
    },
    { width, height: HEIGHT },
  );
  const ticks = timeTicks(fromMs, toMs, width / TICK_WIDTH, zone);
  const rows = [
    { name: "was", strip: layout.strip, y: HEIGHT + 4 },
    { name: "would be", strip: layout.stripTried, y: HEIGHT + 4 + STRIP_ROW },
  ];
  const last = replay.scores.at(-1);
  const summary = `Overall score of ${replay.serverName}: ${scoreWord(last?.score)} under ${replay.activeId}, ${scoreWord(last?.scoreTried)} under ${replay.triedId}`;
  return (
    <figure className="replay-picture" ref={holder}>
      <svg width={outerWidth} height={HEIGHT + 2 * STRIP_ROW + 28} role="img" aria-label={summary}>
        <title>{summary}</title>
        {layout.levels.map(({ score, y }) => (
          <g key={score}>
            <line className="ledger-level" x1={0} x2={width} y1={y} y2={y} />
            <text x={width + 6} y={y + 4}>
              {formatScore(score)}
            </text>
          </g>
        ))}
        <path className="replay-line" d={layout.path} />
        <path className="replay-line is-tried" d={layout.pathTried} />
        {rows.map(({ name, strip, y }) => (
          <g key={name}>
            {strip.map((stretch) => (
              <rect
                key={stretch.x}
                className={`replay-strip is-${stretch.verdict}`}
                x={stretch.x}
                y={y}
                width={Math.max(1, stretch.width)}
                height={STRIP_HEIGHT}
              >
                <title>{`${name} ${stretch.verdict}`}</title>
              </rect>
            ))}
            <text x={width + 6} y={y + 8}>
              {name === "was" ? "was" : "if"}
            </text>
          </g>
        ))}
        {ticks.map(({ atMs, text }) => (
          <text
            key={atMs}
            x={((atMs - fromMs) / Math.max(1, toMs - fromMs)) * width}
            y={HEIGHT + 2 * STRIP_ROW + 20}
          >
            {text}
          </text>
        ))}
      </svg>
      <figcaption className="soft">
        Solid: the overall score as it was, by {replay.activeId} or what was in force then. Dashed:
        as it would have been under {replay.triedId}. Below, the verdict as it was and as it would
        have been.
      </figcaption>
    </figure>
  );
}

function scoreWord(score: number | undefined): string {
  return score === undefined ? "none" : formatScore(score);
}
