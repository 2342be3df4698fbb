// One exchange on two time lines: the server's above, ours below, four stamps, two ways.

import { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { formatStamp } from "../format/instant.ts";
import { formatSpan } from "../format/offset.ts";
import { zoneStore } from "../parts/settings.ts";
import { useStore } from "../parts/store.ts";
import { useWidth } from "../parts/use-size.ts";
import { exchangePlaces, type Stamps, workOut } from "./exchange-arithmetic.ts";

const HEIGHT = 216;
const SERVER_Y = 64;
const AGENT_Y = 152;
const SIDE = 88;
const SIDE_NARROW = 20;
/** In interleaved mode two exchanges share the width: the one that is timed, and from here on the one that brought T3. */
const TIMED_SHARE = 0.64;
const CARRIER_SHARE = 0.8;

interface ExchangePictureProps {
  readonly exchange: adminV1.Exchange;
  readonly serverName: string;
  readonly monitorName: string;
}

/** All four stamps; undefined when one is missing. */
export function stampsOf(exchange: adminV1.Exchange): Stamps | undefined {
  const { t1UnixNs: t1, t2UnixNs: t2, t3UnixNs: t3, t4UnixNs: t4 } = exchange;
  if (t1 === undefined || t2 === undefined || t3 === undefined || t4 === undefined)
    return undefined;
  return { t1, t2, t3, t4 };
}

/** In interleaved mode: the later exchange whose answer brought T3. RFC 9769, section 2. */
export interface Carrier {
  readonly sentAtNs: bigint;
  readonly receivedAtNs: bigint;
}

/** Undefined: the answer carried its own T3. */
export function carrierOf(exchange: adminV1.Exchange): Carrier | undefined {
  const { mode, sentAtUnixNs: sentAtNs, receivedAtUnixNs: receivedAtNs } = exchange;
  if (mode !== adminV1.ExchangeMode.INTERLEAVED) return undefined;
  return sentAtNs === undefined || receivedAtNs === undefined
    ? undefined
    : { sentAtNs, receivedAtNs };
}

export function ExchangePicture(props: ExchangePictureProps): ReactNode {
  const [ref, width] = useWidth<HTMLDivElement>();
  const stamps = stampsOf(props.exchange);
  return (
    <div ref={ref} className="exchange-picture">
      {width === 0 ? null : stamps === undefined ? (
        <Unanswered {...props} width={width} />
      ) : (
        <Answered {...props} width={width} stamps={stamps} />
      )}
    </div>
  );
}

function Answered(
  props: ExchangePictureProps & { readonly width: number; readonly stamps: Stamps },
): ReactNode {
  const { width, stamps } = props;
  const zone = useStore(zoneStore);
  const narrow = width < 560;
  const left = narrow ? SIDE_NARROW + 32 : SIDE + 40;
  const end = width - (narrow ? SIDE_NARROW + 32 : SIDE + 40);
  const carrier = carrierOf(props.exchange);
  const right = carrier === undefined ? end : left + (end - left) * TIMED_SHARE;
  const places = exchangePlaces(stamps);
  const x1 = left;
  const x4 = right;
  const x2 = left + places.t2 * (right - left);
  const x3 = left + places.t3 * (right - left);
  const { delayNs, insideNs, wholeNs } = workOut(stamps);
  const time = (ns: bigint): string =>
    narrow ? `…${formatStamp(ns, zone).slice(6)}` : formatStamp(ns, zone);
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={sentence(stamps, props)}>
      <Lines {...props} width={width} />
      {carrier === undefined ? null : (
        <CarrierPicture
          carrier={carrier}
          stamps={stamps}
          fromX={x3}
          left={left + (end - left) * CARRIER_SHARE}
          right={end}
        />
      )}
      <path className="exchange-way" d={`M${x1} ${AGENT_Y}L${x2} ${SERVER_Y}`} />
      <path className="exchange-way" d={`M${x3} ${SERVER_Y}L${x4} ${AGENT_Y}`} />
      <Arrow fromX={x1} fromY={AGENT_Y} toX={x2} toY={SERVER_Y} />
      <Arrow fromX={x3} fromY={SERVER_Y} toX={x4} toY={AGENT_Y} />
      <path className="exchange-inside" d={`M${x2} ${SERVER_Y}H${x3}`} />
      <Stamp
        name="T1"
        x={x1}
        y={AGENT_Y}
        text={time(stamps.t1)}
        below
        anchor={narrow ? "middle" : "start"}
      />
      <Stamp name="T2" x={x2} y={SERVER_Y} text={time(stamps.t2)} anchor="end" />
      <Stamp name="T3" x={x3} y={SERVER_Y} text={time(stamps.t3)} anchor="start" />
      <Stamp
        name="T4"
        x={x4}
        y={AGENT_Y}
        text={time(stamps.t4)}
        below
        anchor={narrow ? "middle" : "end"}
      />
      <text className="exchange-note" x={(x2 + x3) / 2} y={SERVER_Y + 20} textAnchor="middle">
        {formatSpan(insideNs)}
      </text>
      <text className="exchange-note" x={(x1 + x4) / 2} y={AGENT_Y - 8} textAnchor="middle">
        {narrow || carrier !== undefined
          ? formatSpan(wholeNs)
          : `${formatSpan(wholeNs)} there and back, ${formatSpan(delayNs)} of it on the way`}
      </text>
      <text className="exchange-note" x={width / 2} y={HEIGHT - 4} textAnchor="middle">
        {places.toScale && carrier === undefined
          ? "drawn to scale, with the offset taken out"
          : "order and clocks are true, lengths are not to scale"}
      </text>
    </svg>
  );
}

/** The next exchange, faint: its answer brings the time at which the one before left. */
function CarrierPicture(props: {
  readonly carrier: Carrier;
  readonly stamps: Stamps;
  readonly fromX: number;
  readonly left: number;
  readonly right: number;
}): ReactNode {
  const { carrier, stamps, fromX, left, right } = props;
  const top = (left + right) / 2;
  return (
    <g className="exchange-carrier">
      <path
        className="exchange-way"
        d={`M${left} ${AGENT_Y}L${top - 6} ${SERVER_Y}M${top + 6} ${SERVER_Y}L${right} ${AGENT_Y}`}
      />
      <path className="exchange-carried" d={`M${fromX} ${SERVER_Y}H${top + 6}`} />
      <Arrow fromX={top + 6} fromY={SERVER_Y} toX={right} toY={AGENT_Y} />
      <circle className="exchange-stamp" cx={left} cy={AGENT_Y} r={2} />
      <circle className="exchange-stamp" cx={right} cy={AGENT_Y} r={2} />
      <text className="exchange-note" x={right + 40} y={SERVER_Y - 26} textAnchor="end">
        {formatSpan(carrier.sentAtNs - stamps.t1)} later:
      </text>
      <text className="exchange-note" x={right + 40} y={SERVER_Y - 11} textAnchor="end">
        brings T3
      </text>
    </g>
  );
}

function Unanswered(props: ExchangePictureProps & { readonly width: number }): ReactNode {
  const { exchange, width } = props;
  const zone = useStore(zoneStore);
  const left = width < 560 ? SIDE_NARROW + 32 : SIDE + 40;
  const t1 = exchange.t1UnixNs;
  const toX = left + (width - 2 * left) * 0.35;
  const toY = (AGENT_Y + SERVER_Y) / 2;
  return (
    <svg
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={`No complete exchange: ${exchange.reasonText}`}
    >
      <Lines {...props} width={width} />
      <path className="exchange-way is-lost" d={`M${left} ${AGENT_Y}L${toX} ${toY}`} />
      <path className="exchange-cross" d={`M${toX - 6} ${toY - 6}l12 12m0 -12l-12 12`} />
      {t1 === undefined ? null : (
        <Stamp name="T1" x={left} y={AGENT_Y} text={formatStamp(t1, zone)} below anchor="start" />
      )}
      <text className="exchange-note" x={toX + 16} y={toY + 4}>
        {exchange.reasonText === "" ? "no answer" : exchange.reasonText}
      </text>
    </svg>
  );
}

function Lines(props: ExchangePictureProps & { readonly width: number }): ReactNode {
  const { width } = props;
  return (
    <>
      <path className="exchange-line" d={`M8 ${SERVER_Y}H${width - 8}`} />
      <path className="exchange-line" d={`M8 ${AGENT_Y}H${width - 8}`} />
      <text className="exchange-owner" x={8} y={20}>
        {props.serverName}, its clock
      </text>
      <text className="exchange-owner" x={8} y={HEIGHT - 4}>
        {width < 560 ? "" : `${props.monitorName}, our clock`}
      </text>
    </>
  );
}

function Stamp(props: {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly below?: boolean;
  readonly anchor?: "start" | "middle" | "end";
}): ReactNode {
  const { x, y, below } = props;
  const anchor = props.anchor ?? "middle";
  const shift = anchor === "start" ? -4 : anchor === "end" ? 4 : 0;
  return (
    <g>
      <circle className="exchange-stamp" cx={x} cy={y} r={4} />
      <text
        className="exchange-name"
        x={x + shift}
        y={below === true ? y + 20 : y - 26}
        textAnchor={anchor}
      >
        {props.name}
      </text>
      <text
        className="exchange-time"
        x={x + shift}
        y={below === true ? y + 36 : y - 11}
        textAnchor={anchor}
      >
        {props.text}
      </text>
    </g>
  );
}

function Arrow(props: {
  readonly fromX: number;
  readonly fromY: number;
  readonly toX: number;
  readonly toY: number;
}): ReactNode {
  const { fromX, fromY, toX, toY } = props;
  const angle = (Math.atan2(toY - fromY, toX - fromX) * 180) / Math.PI;
  const x = fromX + (toX - fromX) * 0.55;
  const y = fromY + (toY - fromY) * 0.55;
  return (
    <path
      className="exchange-arrow"
      d="M-6 -4L4 0L-6 4Z"
      transform={`translate(${x} ${y}) rotate(${angle})`}
    />
  );
}

function sentence(
  stamps: Stamps,
  { exchange, serverName, monitorName }: ExchangePictureProps,
): string {
  const { delayNs, insideNs } = workOut(stamps);
  const carried =
    carrierOf(exchange) === undefined
      ? ""
      : " T3 came with the next answer, as interleaved mode has it.";
  return `${monitorName} sent at T1, ${serverName} received at T2 and answered at T3 after ${formatSpan(insideNs)}, the answer arrived at T4; ${formatSpan(delayNs)} on the way.${carried}`;
}
