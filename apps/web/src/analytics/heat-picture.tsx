// The heat map itself: names of the servers as links, cells on a canvas, one tab stop that the arrow keys move.

import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react";
import { readColours, watchTheme } from "../history/colours.ts";
import { useWidth } from "../parts/use-size.ts";
import { VerdictShape } from "../parts/verdict.tsx";
import { paths } from "../url/paths.ts";
import { drawHeat } from "./draw-heat.ts";
import type { HeatGrid, HeatPlace } from "./heat-grid.ts";
import { type HeatLayout, layOutHeat, moveBy, placeAt, ROW_HEIGHT } from "./heat-layout.ts";
import { cellFacts, cellSentence } from "./heat-words.ts";

interface HeatPictureProps {
  readonly grid: HeatGrid;
  readonly sentence: string;
  readonly opened: HeatPlace | undefined;
  readonly onOpen: (place: HeatPlace) => void;
  /** Somebody looks closely: nothing moves meanwhile. */
  readonly onBusy: (busy: boolean) => void;
}

export function HeatPicture(props: HeatPictureProps): ReactNode {
  const { grid, opened } = props;
  const [box, width] = useWidth<HTMLDivElement>();
  const [cursor, setCursor] = useState<HeatPlace>();
  const [byKeys, setByKeys] = useState(false);
  const layout = layOutHeat(width, grid.rows.length, grid.columns.length);
  const canvas = useDrawnHeat({ grid, layout, cursor, opened });
  const within = cursor !== undefined && cursor.row < grid.rows.length ? cursor : undefined;
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setCursor(undefined);
    if (event.key === "Enter" && within !== undefined) props.onOpen(within);
    const next = moveBy(event.key, within ?? opened, {
      rows: grid.rows.length,
      columns: grid.columns.length,
    });
    if (next === undefined) return;
    event.preventDefault();
    setByKeys(true);
    setCursor(next);
    scrollTo(box, layout, next);
  };
  const placeUnder = (event: PointerEvent): HeatPlace | undefined => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return placeAt(layout, event.clientX - left, event.clientY - top);
  };
  return (
    <div className="heat">
      <ul className="heat-names" style={{ paddingBlockStart: `${layout.headHeight}px` }}>
        {grid.rows.map(({ id, name, verdict }, row) => (
          <li key={id.toString()} className={within?.row === row ? "is-pointed" : ""}>
            <a href={paths.server(id)} title={`${name}: ${verdict}`}>
              <VerdictShape verdict={verdict} />
              <span>{name}</span>
            </a>
          </li>
        ))}
      </ul>
      <div
        className="heat-cells"
        ref={box}
        tabIndex={0}
        role="group"
        aria-label={`${grid.measure.word} of servers by monitors. ${props.sentence} Arrow keys walk over the cells, Enter opens one.`}
        onKeyDown={onKey}
        onFocus={() => props.onBusy(true)}
        onBlur={() => {
          setCursor(undefined);
          setByKeys(false);
          props.onBusy(false);
        }}
      >
        <canvas
          ref={canvas}
          style={{ inlineSize: `${layout.width}px`, blockSize: `${layout.height}px` }}
          onPointerEnter={() => props.onBusy(true)}
          onPointerMove={(event) => {
            setByKeys(false);
            setCursor(placeUnder(event));
          }}
          onPointerLeave={() => {
            setCursor(undefined);
            props.onBusy(false);
          }}
          onClick={(event) => {
            const place = placeUnder(event as unknown as PointerEvent);
            if (place !== undefined) props.onOpen(place);
          }}
        />
      </div>
      {within === undefined ? null : (
        <CellCard grid={grid} place={within} layout={layout} box={box} />
      )}
      <p className="visually-hidden" role="status">
        {within === undefined || !byKeys ? "" : cellSentence(grid, within)}
      </p>
    </div>
  );
}

function useDrawnHeat(shown: {
  readonly grid: HeatGrid;
  readonly layout: HeatLayout;
  readonly cursor: HeatPlace | undefined;
  readonly opened: HeatPlace | undefined;
}): RefObject<HTMLCanvasElement | null> {
  const { grid, layout, cursor, opened } = shown;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [theme, setTheme] = useState(0);
  useEffect(() => watchTheme(() => setTheme((count) => count + 1)), []);
  const { width, height } = layout;
  useEffect(() => {
    const element = canvas.current;
    const parent = element?.parentElement;
    const context = element?.getContext("2d");
    if (element === null || !parent || !context || width === 0) return;
    const scale = devicePixelRatio;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    drawHeat({ context, grid, layout, colours: readColours(parent), cursor, opened });
    // `layout` follows from the width and the grid.
  }, [grid, width, height, cursor, opened, theme]);
  return canvas;
}

const CARD_WIDTH = 248;

/** What stands beside the pointer. */
function CellCard(props: {
  readonly grid: HeatGrid;
  readonly place: HeatPlace;
  readonly layout: HeatLayout;
  readonly box: RefObject<HTMLDivElement | null>;
}): ReactNode {
  const { grid, place, layout, box } = props;
  const element = box.current;
  const shift = (element?.offsetLeft ?? 0) - (element?.scrollLeft ?? 0);
  const x = shift + (place.column + 1) * layout.cellWidth + 8;
  const room = (element?.offsetLeft ?? 0) + (element?.clientWidth ?? 0);
  const left = x + CARD_WIDTH > room ? x - layout.cellWidth - CARD_WIDTH - 16 : x;
  const top = layout.headHeight + (place.row + 1) * ROW_HEIGHT + 8;
  return (
    <div
      className="card heat-card"
      style={{ left: `${Math.max(0, left)}px`, top: `${top}px` }}
      aria-hidden="true"
    >
      <strong>{grid.rows[place.row]?.name}</strong>
      <span className="soft"> from {grid.columns[place.column]?.name}</span>
      <dl className="heat-facts">
        {cellFacts(grid.figuresAt(place)).map(({ term, text }) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd className="number">{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** More columns than fit, or more rows than the window shows: the cursor stays in sight. */
function scrollTo(
  box: RefObject<HTMLDivElement | null>,
  layout: HeatLayout,
  { row, column }: HeatPlace,
): void {
  const element = box.current;
  if (element === null) return;
  const x = column * layout.cellWidth;
  if (x < element.scrollLeft) element.scrollLeft = x;
  const right = x + layout.cellWidth - element.clientWidth;
  if (right > element.scrollLeft) element.scrollLeft = right;
  const y = element.getBoundingClientRect().top + layout.headHeight + row * ROW_HEIGHT;
  const margin = 3 * ROW_HEIGHT;
  if (y < margin || y > innerHeight - margin) scrollBy({ top: y - innerHeight / 2 });
}
