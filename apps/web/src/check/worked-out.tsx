// Offset, delay and bound with the real numbers put in.

import { useLocation } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { formatCount } from "../format/number.ts";
import { formatOffset, formatSpan } from "../format/offset.ts";
import { workOut } from "./exchange-arithmetic.ts";
import { carrierOf, stampsOf } from "./exchange-picture.tsx";

export function WorkedOut(props: { readonly exchange: adminV1.Exchange }): ReactNode {
  const { exchange } = props;
  const stamps = stampsOf(exchange);
  if (stamps === undefined)
    return <p className="soft">Without all four stamps there is nothing to work out.</p>;
  const out = workOut(stamps);
  const bound = exchange.offset?.boundNs;
  return (
    <dl className="worked-out">
      <div>
        <dt>Offset</dt>
        <dd className="number">
          <span className="formula">((T2 − T1) + (T3 − T4)) / 2</span>
          <span className="formula">
            = (<Ns value={out.thereNs} signed /> + (<Ns value={out.backNs} signed />
            )) / 2
          </span>
          <strong>= {formatOffset(out.offsetNs, bound).text}</strong>
        </dd>
      </div>
      <div>
        <dt>Delay</dt>
        <dd className="number">
          <span className="formula">(T4 − T1) − (T3 − T2)</span>
          <span className="formula">
            = <Ns value={out.wholeNs} /> − <Ns value={out.insideNs} />
          </span>
          <strong>= {formatSpan(out.delayNs)}</strong>
        </dd>
      </div>
      <div>
        <dt title="How the server's transmit time stamp came. RFC 9769.">Mode</dt>
        <dd>
          <ModeText exchange={exchange} />
        </dd>
      </div>
      <div>
        <dt>Stamps by</dt>
        <dd>{stampSources(exchange)}</dd>
      </div>
      {exchange.clockStepNs === undefined || exchange.clockStepNs === 0n ? null : (
        <div>
          <dt>Our clock was stepped</dt>
          <dd className="number bad">
            {formatOffset(exchange.clockStepNs).text} between T1 and T4
          </dd>
        </div>
      )}
    </dl>
  );
}

function ModeText(props: { readonly exchange: adminV1.Exchange }): ReactNode {
  const { timedExchangeIndex: index } = props.exchange;
  if (carrierOf(props.exchange) === undefined)
    return <>basic: T3 is from before the answer was sent, and came with it</>;
  return (
    <>
      <a href="/help/glossary#mode">interleaved</a>: T1, T2 and T4 are those of{" "}
      {index === undefined ? "the exchange before" : <SampleLink index={index} />}; this answer
      brought the T3 at which its answer really left
    </>
  );
}

/** Opens another sample of the same check. */
function SampleLink(props: { readonly index: number }): ReactNode {
  const { pathname } = useLocation();
  return <a href={`${pathname}?sample=${props.index + 1}`}>sample {props.index + 1}</a>;
}

/** The parts of the bound as bars of one length together. */
export function BoundParts(props: { readonly exchange: adminV1.Exchange }): ReactNode {
  const { boundParts } = props.exchange;
  const whole = boundParts.reduce((sum, part) => sum + part.valueNs, 0n);
  if (boundParts.length === 0 || whole === 0n) {
    return <p className="soft">The agent reported no bound for this exchange.</p>;
  }
  return (
    <table className="table is-compact bound-parts">
      <caption className="soft">The true offset lies within ± the sum of these.</caption>
      <tbody>
        {boundParts.map((part) => (
          <tr key={part.name}>
            <th scope="row">
              {part.name.replaceAll("_", " ")}
              <span className="bound-text">{part.text}</span>
            </th>
            <td className="is-number">{formatSpan(part.valueNs)}</td>
            <td className="bound-bar" aria-hidden="true">
              <svg width="100%" height={8}>
                <rect width={`${(Number(part.valueNs) / Number(whole)) * 100}%`} height={8} />
              </svg>
            </td>
          </tr>
        ))}
        <tr className="is-sum">
          <th scope="row">bound</th>
          <td className="is-number">
            <strong>{formatSpan(whole)}</strong>
          </td>
          <td />
        </tr>
      </tbody>
    </table>
  );
}

function Ns(props: { readonly value: bigint; readonly signed?: boolean }): ReactNode {
  const plus = props.signed === true && props.value >= 0n ? "+" : "";
  return <>{`${plus}${formatCount(props.value)}\u00a0ns`}</>;
}

const KERNEL = 1;

function stampSources(exchange: adminV1.Exchange): string {
  const word = (source: number): string =>
    source === 0 ? "unknown" : source === KERNEL ? "the kernel" : "this program (user space)";
  const t1 = word(exchange.t1Source);
  const t4 = word(exchange.t4Source);
  return t1 === t4 ? `${t1}, on both legs` : `T1 ${t1}, T4 ${t4}`;
}
