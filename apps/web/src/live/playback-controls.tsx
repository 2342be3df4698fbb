// Stop, go back to any instant that is stored, play on from there, and be live again.

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { msOf, nsOf } from "../api/message.ts";
import { loadQuery } from "../api/queries.ts";
import { formatCount } from "../format/number.ts";
import { formatLong } from "../format/relative-time.ts";
import { serverNowMs } from "../parts/now.ts";
import { Instant } from "../parts/values.tsx";
import { ageOfStep, SLIDER_STEPS, SPEEDS, type Speed, stepOfAge } from "./playhead.ts";
import type { Playback } from "./use-playback.ts";

const STEPS = [
  { text: "−1 h", label: "An hour back", ms: -3_600_000 },
  { text: "−1 min", label: "A minute back", ms: -60_000 },
  { text: "+1 min", label: "A minute on", ms: 60_000 },
] as const;
/** While nothing is known of how far back checks are stored. */
const AGE_MS_MAX_UNKNOWN = 86_400_000;

interface ControlsProps {
  readonly playback: Playback;
  /** Checks that came since the page was stopped. */
  readonly later: number;
  readonly onPause: () => void;
}

export function PlaybackControls({ playback, later, onPause }: ControlsProps): ReactNode {
  const { atMs, speed, goTo } = playback;
  const [wanted, setWanted] = useState<Speed>(speed === undefined || speed === 0 ? 1 : speed);
  const ageMsMax = useOldestAge();
  if (atMs === undefined || speed === undefined) {
    return (
      <div className="button-row live-playback">
        <button type="button" className="button" onClick={onPause}>
          Pause
        </button>
        <span className="soft">Pause to go back and play again what was.</span>
      </div>
    );
  }
  const ageMs = serverNowMs() - atMs;
  return (
    <div className="button-row live-playback" role="group" aria-label="Playback">
      {speed === 0 ? (
        <button type="button" className="button is-main" onClick={() => playback.play(wanted)}>
          Play
        </button>
      ) : (
        <button type="button" className="button" onClick={onPause}>
          Pause
        </button>
      )}
      <label>
        <span className="visually-hidden">Speed</span>
        <select
          value={wanted}
          onChange={(event) => {
            const next = SPEEDS.find((each) => String(each) === event.target.value) ?? 1;
            setWanted(next);
            if (speed !== 0) playback.play(next);
          }}
        >
          {SPEEDS.map((each) => (
            <option key={each} value={each}>
              ×{each}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button" onClick={playback.goLive}>
        Go live
      </button>
      <span className="live-steps">
        {STEPS.map(({ text, label, ms }) => (
          <button
            key={ms}
            type="button"
            className="button"
            title={label}
            onClick={() => goTo({ atMs: Math.min(atMs + ms, serverNowMs()), speed })}
          >
            {text}
          </button>
        ))}
      </span>
      <label className="live-slider">
        <span className="visually-hidden">Shown until</span>
        <input
          type="range"
          min={0}
          max={SLIDER_STEPS}
          step={1}
          value={stepOfAge(ageMs, ageMsMax)}
          aria-valuetext={new Date(atMs).toISOString()}
          onChange={(event) => {
            const age = ageOfStep(Number(event.target.value), ageMsMax);
            goTo({ atMs: Math.floor(serverNowMs() - age), speed: 0 });
          }}
        />
      </label>
      <span className="number">
        <Instant atMs={atMs} full />
      </span>
      <span className="soft" role="status">
        {speed === 0 ? `${formatCount(later)} came later` : `${formatLong(ageMs)} behind`}
      </span>
    </div>
  );
}

/** How far back the slider reaches: as far as the memory, or where there is none, as what is kept. */
function useOldestAge(): number {
  const { data } = useQuery(loadQuery());
  const horizonMs = msOf(data?.history?.horizon);
  if (horizonMs !== undefined) return Math.max(serverNowMs() - horizonMs, AGE_MS_MAX_UNKNOWN / 24);
  const keptNs = nsOf(data?.retention);
  return keptNs === undefined ? AGE_MS_MAX_UNKNOWN : Number(keptNs / 1_000_000n);
}
