// What is under the crosshair, as a card beside it and as a sentence for those who cannot see it.

import type { ReactNode } from "react";
import { formatInstant, type Zone } from "../format/instant.ts";
import { formatOffset, formatSpan } from "../format/offset.ts";
import { formatScore, formatStep } from "../format/score.ts";
import { reasonWords } from "../parts/words.ts";
import type { Cursor } from "./cursor.ts";

interface ReadoutProps {
  readonly cursor: Cursor;
  readonly zone: Zone;
  /** CSS pixels from the left of the charts. */
  readonly x: number;
  readonly width: number;
  readonly colourIndex: number;
}

const CARD_WIDTH = 232;

export function Readout(props: ReadoutProps): ReactNode {
  const { cursor, x, width } = props;
  const facts = readoutFacts(cursor);
  const left = x + 16 + CARD_WIDTH > width ? x - 16 - CARD_WIDTH : x + 16;
  return (
    <div className="card readout" aria-hidden="true" style={{ left: `${Math.max(0, left)}px` }}>
      <p className="card-head">
        <strong>
          <span className={`swatch is-line-${props.colourIndex + 1}`} />
          {cursor.line.name}
        </strong>
      </p>
      <p className="number soft">{formatInstant(cursor.atMs, props.zone, "milliseconds")}</p>
      <dl className="readout-facts number">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="soft">Click or Enter opens the check</p>
    </div>
  );
}

/** The same as a sentence, for a live region. */
export function readoutSentence(cursor: Cursor, zone: Zone): string {
  const facts = readoutFacts(cursor).map(([name, value]) => `${name} ${value}`);
  return `${cursor.line.name}, ${formatInstant(cursor.atMs, zone)}: ${facts.join(", ")}`;
}

function readoutFacts({
  line,
  index,
}: Cursor): readonly (readonly [name: string, value: string])[] {
  const facts: [string, string][] = [];
  const offset = line.offsetNs[index] ?? Number.NaN;
  const bound = line.boundNs[index] ?? Number.NaN;
  const rtt = line.rttNs[index] ?? Number.NaN;
  const score = line.score[index] ?? Number.NaN;
  const step = line.step[index] ?? Number.NaN;
  const reason = line.reasons[index] ?? "";
  if (reason !== "") facts.push(["failed", reasonWords(reason)]);
  if (!Number.isNaN(offset))
    facts.push(["offset", formatOffset(offset, Number.isNaN(bound) ? undefined : bound).text]);
  if (!Number.isNaN(rtt)) facts.push(["round trip", formatSpan(rtt)]);
  if (!Number.isNaN(step)) facts.push(["step", formatStep(step)]);
  if (!Number.isNaN(score)) facts.push(["score", formatScore(score)]);
  return facts;
}
