// The signature picture: one symmetrical logarithmic axis with every clock at its offset and its error bound as a
// whisker. Those without an offset stand beside it: no data never looks good.

import {
  type KeyboardEvent,
  type ReactNode,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { OffsetNs } from "../api/message.ts";
import { formatOffset } from "../format/offset.ts";
import { useHeld } from "../parts/held.ts";
import { useWidth } from "../parts/use-size.ts";
import { VerdictShape } from "../parts/verdict.tsx";
import type { VerdictName } from "../parts/words.ts";
import { createOffsetScale } from "../scale/symlog.ts";
import { type AxisLayout, layOutAxis } from "./axis-layout.ts";
import { AxisMark } from "./axis-mark.tsx";
import { AxisScale } from "./axis-scale.tsx";

/** One clock, or one witness of a clock. */
export interface AxisItem {
  readonly key: string;
  readonly name: string;
  readonly href: string;
  readonly offset: OffsetNs | undefined;
  readonly shape: VerdictName;
  /** 1: just measured; 0: stale. */
  readonly freshness: number;
  /** Its name stands beside the mark. */
  readonly named: boolean;
  /** What stands beside the name when there is no offset: "no answer since 14:02". */
  readonly note: string;
  readonly card: ReactNode;
}

interface OffsetAxisProps {
  readonly items: readonly AxisItem[];
  readonly limitNs: number;
  /** "servers" or "monitors". */
  readonly noun: string;
  /** The sentence that sums the picture up. */
  readonly summary: string;
  /** False: the same stands as a table beside it already. */
  readonly withTable?: boolean;
}

const EDGE = 12;

/** The picture with its tray and its table. */
export function OffsetAxis(props: OffsetAxisProps): ReactNode {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [pointerInside, setPointerInside] = useState(false);
  const [openKey, setOpenKey] = useState<string>();
  const items = useHeld(props.items, pointerInside);
  const measured = useMemo(() => items.filter((item) => item.offset !== undefined), [items]);
  const beside = items.filter((item) => item.offset === undefined);
  const scale = useMemo(() => createOffsetScale(EDGE, Math.max(width - EDGE, 2 * EDGE)), [width]);
  const layout = useMemo(() => layOutAxis(measured, scale), [measured, scale]);
  const open = layout.marks.find((mark) => mark.item.key === openKey);
  return (
    <figure className="axis" aria-label={`Offsets of all ${props.noun}. ${props.summary}`}>
      <div
        className="axis-picture"
        ref={ref}
        onPointerEnter={() => setPointerInside(true)}
        onPointerLeave={() => {
          setPointerInside(false);
          setOpenKey(undefined);
        }}
      >
        {width === 0 ? null : (
          <AxisSvg
            layout={layout}
            scale={scale}
            width={width}
            limitNs={props.limitNs}
            noun={props.noun}
            onOpen={setOpenKey}
          />
        )}
        {open === undefined ? null : (
          <div
            className="card"
            style={cardPlace(open.x, layout.height - open.y, width)}
            aria-hidden="true"
          >
            {open.item.card}
          </div>
        )}
      </div>
      {beside.length === 0 ? null : <Tray items={beside} />}
      {props.withTable === false ? null : <AxisTable items={items} />}
    </figure>
  );
}

interface AxisSvgProps {
  readonly layout: AxisLayout;
  readonly scale: ReturnType<typeof createOffsetScale>;
  readonly width: number;
  readonly limitNs: number;
  readonly noun: string;
  readonly onOpen: (key: string | undefined) => void;
}

function AxisSvg(props: AxisSvgProps): ReactNode {
  const { layout, scale, width, onOpen } = props;
  const marks = useRef<SVGGElement>(null);
  const [stop, setStop] = useState(0);
  const stopAt = Math.min(stop, layout.marks.length - 1);
  const resized = useChanged(width);

  const move = (event: KeyboardEvent): void => {
    const to = nextStop(event.key, stopAt, layout.marks.length);
    if (event.key === "Escape") onOpen(undefined);
    if (to === undefined) return;
    event.preventDefault();
    setStop(to);
    marks.current?.querySelectorAll<SVGAElement>("a")[to]?.focus();
  };

  return (
    <svg
      className={resized ? "is-resized" : ""}
      width={width}
      height={layout.height}
      role="group"
      aria-label={`${props.noun} by offset`}
    >
      <AxisScale scale={scale} layout={layout} limitNs={props.limitNs} />
      {layout.density === undefined ? null : (
        <path className="axis-density" d={layout.density.path}>
          <title>{layout.density.text}</title>
        </path>
      )}
      <g ref={marks} onKeyDown={move}>
        {layout.marks.map((mark, index) => (
          <AxisMark
            key={mark.item.key}
            mark={mark}
            tabIndex={index === stopAt ? 0 : -1}
            onOpen={() => {
              setStop(index);
              onOpen(mark.item.key);
            }}
            onClose={() => onOpen(undefined)}
          />
        ))}
      </g>
    </svg>
  );
}

/** True in the rendering that is the first with this value. */
function useChanged(value: number): boolean {
  const drawn = useRef(value);
  useLayoutEffect(() => {
    drawn.current = value;
  }, [value]);
  return drawn.current !== value;
}

/** Arrow keys walk along the axis: one tab stop for the whole picture. */
function nextStop(key: string, at: number, count: number): number | undefined {
  if (key === "ArrowRight" || key === "ArrowDown") return Math.min(count - 1, at + 1);
  if (key === "ArrowLeft" || key === "ArrowUp") return Math.max(0, at - 1);
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : undefined;
}

const CARD_HALF_WIDTH = 144;

function cardPlace(x: number, bottom: number, width: number): { left: string; bottom: string } {
  const left = Math.min(
    Math.max(x, CARD_HALF_WIDTH),
    Math.max(width - CARD_HALF_WIDTH, CARD_HALF_WIDTH),
  );
  return { left: `${left}px`, bottom: `${bottom + 14}px` };
}

function Tray(props: { readonly items: readonly AxisItem[] }): ReactNode {
  const titleId = useId();
  return (
    <div className="axis-tray">
      <p className="soft" id={titleId}>
        No offset
      </p>
      <ul aria-labelledby={titleId}>
        {props.items.map((item) => (
          <li key={item.key}>
            <a href={item.href} className={`verdict is-${item.shape}`}>
              <VerdictShape verdict={item.shape} />
              {item.name}
            </a>
            <span className="soft">{item.note}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function AxisTable(props: { readonly items: readonly AxisItem[] }): ReactNode {
  return (
    <details className="as-table">
      <summary>Show as a table</summary>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Verdict</th>
            <th scope="col" className="is-number">
              Offset
            </th>
          </tr>
        </thead>
        <tbody>
          {props.items.map((item) => (
            <tr key={item.key}>
              <td>
                <a href={item.href}>{item.name}</a>
              </td>
              <td>{item.shape}</td>
              <td className="is-number">
                {item.offset === undefined
                  ? item.note
                  : formatOffset(item.offset.valueNs, item.offset.boundNs).text}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
