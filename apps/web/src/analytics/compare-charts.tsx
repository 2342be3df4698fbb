// The panels of a comparison: one time axis and one crosshair. Dragging zooms, arrow keys move the crosshair.

import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { readColours, watchTheme } from "../history/colours.ts";
import type { View } from "../history/view.ts";
import { zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";
import { useWidth } from "../parts/use-size.ts";
import type { ComparedLine } from "./compare-model.ts";
import { drawPanel, instantAt, PANEL_LEFT, type PanelKind } from "./compare-panel.ts";

interface CompareChartsProps {
  readonly lines: readonly ComparedLine[];
  readonly view: View;
  readonly bucketMs: number;
  readonly label: string;
  readonly offsetTitle: string;
  readonly cursorMs: number | undefined;
  readonly onCursor: (atMs: number | undefined) => void;
  readonly onBusy: (busy: boolean) => void;
  readonly onZoom: (view: View) => void;
}

const PANELS: readonly {
  readonly kind: PanelKind;
  readonly title: string;
  readonly height: number;
}[] = [
  { kind: "offset", title: "", height: 280 },
  { kind: "rtt", title: "Round trip", height: 136 },
  { kind: "loss", title: "Samples without an answer", height: 96 },
];
const DRAG_MIN_PIXELS = 6;

export function CompareCharts(props: CompareChartsProps): ReactNode {
  const { view, cursorMs, bucketMs } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const [drag, setDrag] = useState<{ readonly fromX: number; readonly toX: number }>();
  const onKey = (event: KeyboardEvent): void => {
    const next = nextCursor(event.key, props);
    if (event.key === "Escape") props.onCursor(undefined);
    if (next === undefined) return;
    event.preventDefault();
    props.onCursor(next);
  };
  const endDrag = (): void => {
    if (drag === undefined) return;
    setDrag(undefined);
    const ends = [drag.fromX, drag.toX]
      .toSorted((one, other) => one - other)
      .map((x) => instantAt(x, width, view));
    const [fromMs = view.fromMs, toMs = view.toMs] = ends;
    if (Math.abs(drag.toX - drag.fromX) >= DRAG_MIN_PIXELS) props.onZoom({ fromMs, toMs });
  };
  return (
    <div
      className="compare-charts"
      ref={box}
      tabIndex={0}
      role="group"
      aria-label={props.label}
      onKeyDown={onKey}
      onFocus={() => props.onBusy(true)}
      onBlur={() => {
        props.onCursor(undefined);
        props.onBusy(false);
      }}
      onPointerEnter={() => props.onBusy(true)}
      onPointerLeave={() => {
        props.onCursor(undefined);
        props.onBusy(false);
        setDrag(undefined);
      }}
      onPointerDown={(event) => {
        const x = xOf(event);
        if (event.pointerType === "mouse" && x > PANEL_LEFT) setDrag({ fromX: x, toX: x });
      }}
      onPointerMove={(event) => {
        const x = xOf(event);
        const atMs = instantAt(x, width, view);
        props.onCursor(atMs === undefined ? undefined : bucketMs * Math.floor(atMs / bucketMs));
        if (drag !== undefined) setDrag({ ...drag, toX: x });
      }}
      onPointerUp={endDrag}
    >
      {PANELS.map(({ kind, title, height }) => (
        <Panel
          key={kind}
          {...props}
          kind={kind}
          title={title === "" ? props.offsetTitle : title}
          width={width}
          height={height}
          cursorMs={cursorMs}
        />
      ))}
      {drag === undefined ? null : (
        <div
          className="compare-drag"
          style={{
            left: `${Math.min(drag.fromX, drag.toX)}px`,
            width: `${Math.abs(drag.toX - drag.fromX)}px`,
          }}
        />
      )}
    </div>
  );
}

function Panel(
  props: CompareChartsProps & {
    readonly kind: PanelKind;
    readonly title: string;
    readonly width: number;
    readonly height: number;
  },
): ReactNode {
  const { kind, width, height, lines, view, bucketMs, cursorMs } = props;
  const zone = useStore(zoneStore);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => watchTheme(() => setTheme((count) => count + 1)), []);
  const { fromMs, toMs } = view;
  useEffect(() => {
    const element = canvas.current;
    const parent = element?.parentElement;
    const context = element?.getContext("2d");
    if (!element || !parent || !context || width === 0) return;
    const ratio = devicePixelRatio;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colours = readColours(parent);
    drawPanel({
      context,
      kind,
      width,
      height,
      lines,
      view: { fromMs, toMs },
      bucketMs,
      cursorMs,
      zone,
      colours,
    });
  }, [kind, width, height, lines, fromMs, toMs, bucketMs, cursorMs, zone, theme]);
  return (
    <div>
      <h2 className="chart-title">{props.title}</h2>
      <canvas ref={canvas} className={`compare-canvas is-${kind}`} />
    </div>
  );
}

/** Bucket by bucket; with no crosshair yet, from the newest on. */
function nextCursor(
  key: string,
  { cursorMs, view, bucketMs }: CompareChartsProps,
): number | undefined {
  const last = bucketMs * Math.floor((view.toMs - 1) / bucketMs);
  const first = bucketMs * Math.ceil(view.fromMs / bucketMs);
  const within = (ms: number): number => Math.max(first, Math.min(last, ms));
  if (key === "ArrowLeft") return within((cursorMs ?? last + bucketMs) - bucketMs);
  if (key === "ArrowRight") return within((cursorMs ?? last - bucketMs) + bucketMs);
  if (key === "Home") return first;
  return key === "End" ? last : undefined;
}

function xOf(event: { readonly clientX: number; readonly currentTarget: Element }): number {
  return event.clientX - event.currentTarget.getBoundingClientRect().left;
}
