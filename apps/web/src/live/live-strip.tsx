// The last minutes as a picture: a point a check, offset over time, and those without an offset at the foot.

import { type ReactNode, useEffect, useRef, useState } from "react";
import { formatTick } from "../format/offset.ts";
import { type ChartColours, readColours, watchTheme } from "../history/colours.ts";
import { useWidth } from "../parts/use-size.ts";
import { symlog } from "../scale/symlog.ts";
import { type ShownCheck, shownMs } from "./shown-check.ts";
import { STRIP_MS, stripSummary } from "./strip-summary.ts";

const HEIGHT = 168;
const FOOT = 20;
const LEFT = 64;
const RADIUS = 1.5;
/** Offsets beyond ±10 s are drawn at the edge. */
const LIMIT = symlog(10e9);
const MARKS_NS = [-1e9, -25e6, -1e6, 0, 1e6, 25e6, 1e9];

interface LiveStripProps {
  /** The newest first. */
  readonly checks: readonly ShownCheck[];
  /** The right end, Unix milliseconds by the server's clock. */
  readonly endMs: number;
}

export function LiveStrip({ checks, endMs }: LiveStripProps): ReactNode {
  const [box, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => watchTheme(() => setTheme((count) => count + 1)), []);
  useEffect(() => {
    const element = canvas.current;
    if (element === null || width === 0) return;
    draw({ element, width, checks, endMs });
  }, [checks, endMs, width, theme]);
  return (
    <div className="live-strip" ref={box}>
      <canvas ref={canvas} role="img" aria-label={stripSummary(checks, endMs - STRIP_MS)} />
    </div>
  );
}

interface Drawing extends LiveStripProps {
  readonly element: HTMLCanvasElement;
  readonly width: number;
}

function draw({ element, width, checks, endMs }: Drawing): void {
  const context = element.getContext("2d");
  const parent = element.parentElement;
  if (context === null || parent === null) return;
  const scale = devicePixelRatio;
  element.width = Math.round(width * scale);
  element.height = Math.round(HEIGHT * scale);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const colours = readColours(parent);
  drawMarks(context, width, colours);
  const perMs = (width - LEFT - RADIUS) / STRIP_MS;
  const beginMs = endMs - STRIP_MS;
  for (const watched of checks) {
    const atMs = shownMs(watched);
    if (atMs > endMs || atMs < beginMs) continue;
    const offset = watched.check?.offset;
    const isGood = watched.check?.reason === "" && offset !== undefined;
    context.fillStyle = isGood ? colours.truechimer : colours.falseticker;
    const x = LEFT + (atMs - beginMs) * perMs;
    const y = isGood ? heightOf(Number(offset.valueNs)) : HEIGHT - FOOT / 2;
    context.fillRect(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS);
  }
}

function drawMarks(context: CanvasRenderingContext2D, width: number, colours: ChartColours): void {
  context.font = colours.font;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const markNs of MARKS_NS) {
    const y = Math.round(heightOf(markNs)) + 0.5;
    context.strokeStyle = markNs === 0 ? colours.hairlineStrong : colours.hairline;
    context.beginPath();
    context.moveTo(LEFT, y);
    context.lineTo(width, y);
    context.stroke();
    context.fillStyle = colours.soft;
    context.fillText(formatTick(markNs), LEFT - 8, y);
  }
  context.fillText("failed", LEFT - 8, HEIGHT - FOOT / 2);
}

/** Ahead is up. */
function heightOf(offsetNs: number): number {
  const share = Math.min(LIMIT, Math.max(-LIMIT, symlog(offsetNs))) / LIMIT;
  const middle = (HEIGHT - FOOT) / 2;
  return middle - share * (middle - RADIUS);
}
