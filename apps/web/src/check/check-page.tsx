// One check down to the packet: the exchange, the numbers, the rules, the bytes, the score.

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useEffect } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { problemOf } from "../api/problem.ts";
import { checkQuery } from "../api/queries.ts";
import { countOf } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { formatScore, formatStep } from "../format/score.ts";
import { PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { Instant, OffsetText } from "../parts/values.tsx";
import { reasonWords } from "../parts/words.ts";
import { NotFoundPage } from "../shell/not-found-page.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId, paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { carrierOf, ExchangePicture } from "./exchange-picture.tsx";
import { PacketView } from "./packet-view.tsx";
import { RuleLadder } from "./rule-ladder.tsx";
import { ScoreWorkedOut } from "./score-arithmetic.tsx";
import { BoundParts, WorkedOut } from "./worked-out.tsx";

export function CheckPage(): ReactNode {
  const parameters: Readonly<Record<string, string>> = useParams({ strict: false });
  const id = parseId(parameters["checkId"]);
  return id === undefined ? (
    <NotFoundPage what="That is no check's address" />
  ) : (
    <LoadedCheck id={id} />
  );
}

function LoadedCheck(props: { readonly id: bigint }): ReactNode {
  const check = useQuery(checkQuery(props.id));
  if (check.data?.check !== undefined && !check.isError)
    return <CheckReport data={check.data} check={check.data.check} />;
  if (check.isError) {
    if (problemOf(check.error).code === "not_found")
      return <NotFoundPage what="There is no such check" />;
    return (
      <ProblemNote
        error={check.error}
        title="The check could not be loaded"
        onRetry={() => void check.refetch()}
      />
    );
  }
  return <PageSkeleton what="the check" />;
}

interface CheckReportProps {
  readonly data: adminV1.GetCheckResponse;
  readonly check: adminV1.Check;
}

function CheckReport(props: CheckReportProps): ReactNode {
  const { data, check } = props;
  const [search, change] = useSearchState();
  const serverName = data.server?.name ?? `server ${check.serverId}`;
  useTitle(`Check of ${serverName}`);
  useNeighbourKeys(data);
  const chosen = Number(search["sample"] ?? (data.selectedIndex ?? 0) + 1) - 1;
  const exchange = data.exchanges[chosen] ?? data.exchanges[0];
  return (
    <article className="check-page">
      <CheckHead data={data} check={check} serverName={serverName} />
      {data.exchanges.length > 1 ? (
        <div className="chips" role="group" aria-label="Samples of this check">
          {data.exchanges.map((one, index) => (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: samples have no other name than their number
              key={index}
              type="button"
              className="chip"
              aria-pressed={one === exchange}
              onClick={() => change({ sample: `${index + 1}` }, "replace")}
            >
              Sample {index + 1}
              <span className="soft"> {sampleWord(one, index === data.selectedIndex)}</span>
            </button>
          ))}
        </div>
      ) : null}
      {exchange === undefined ? (
        <NoEvidence check={check} />
      ) : (
        <ExchangeReport
          exchange={exchange}
          serverName={serverName}
          monitorName={check.monitorName}
        />
      )}
      {data.arithmetic === undefined ? null : (
        <section aria-labelledby="score-title">
          <h2 id="score-title">Step and score</h2>
          <ScoreWorkedOut arithmetic={data.arithmetic} />
        </section>
      )}
    </article>
  );
}

function CheckHead(props: CheckReportProps & { readonly serverName: string }): ReactNode {
  const { data, check, serverName } = props;
  const atMs = msOf(check.at);
  return (
    <header className="page-head">
      <p className="crumbs">
        <a href={paths.servers()}>Servers</a> /{" "}
        <a href={paths.server(check.serverId)}>{serverName}</a> /{" "}
        <a href={paths.server(check.serverId, `?monitor=${check.monitorId}`)}>
          {check.monitorName}
        </a>
      </p>
      <div className="page-head is-row">
        <h1>
          Check{" "}
          <span className="soft">
            {atMs === undefined ? check.id.toString() : <Instant atMs={atMs} full />}
          </span>
        </h1>
        <nav className="button-row" aria-label="Checks by the same monitor">
          <Neighbour id={data.previousId} name="Before" keyName="[" />
          <Neighbour id={data.nextId} name="After" keyName="]" />
        </nav>
      </div>
      <p className="sentence">
        {check.reason === "" ? (
          <OffsetText offset={offsetOf(check.offset)} />
        ) : (
          <span className="bad">Failed: {reasonWords(check.reason)}</span>
        )}
      </p>
      <p className="page-sentence">
        {check.reasonText === "" ? "" : `${sentenceCase(check.reasonText)} `}
        {countOf(data.exchanges.length, "sample")}
        {check.rttNs === undefined ? "" : `, round trip ${formatSpan(check.rttNs)}`}
        {check.stratum === undefined ? "" : `, stratum ${check.stratum}`}; step{" "}
        {formatStep(check.step)}, score {formatScore(check.score)}.
      </p>
    </header>
  );
}

function sentenceCase(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

function Neighbour(props: {
  readonly id: bigint | undefined;
  readonly name: string;
  readonly keyName: string;
}): ReactNode {
  if (props.id === undefined) {
    return (
      <button type="button" className="button" disabled>
        {props.name}
      </button>
    );
  }
  return (
    <a className="button" href={paths.check(props.id)} title={`Key: ${props.keyName}`}>
      {props.name} <kbd>{props.keyName}</kbd>
    </a>
  );
}

function useNeighbourKeys(data: adminV1.GetCheckResponse): void {
  const navigate = useNavigate();
  const { previousId, nextId } = data;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (
        event.target instanceof HTMLElement &&
        ["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)
      )
        return;
      const id = event.key === "[" ? previousId : event.key === "]" ? nextId : undefined;
      if (id !== undefined) void navigate({ to: paths.check(id) });
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate, previousId, nextId]);
}

function sampleWord(exchange: adminV1.Exchange, selected: boolean): string {
  const outcome =
    exchange.reason === "" ? formatSpan(exchange.delayNs ?? 0n) : reasonWords(exchange.reason);
  const mode = carrierOf(exchange) === undefined ? "" : ", interleaved";
  return selected ? `${outcome}${mode}, counted` : outcome + mode;
}

function NoEvidence(props: { readonly check: adminV1.Check }): ReactNode {
  return (
    <p className="soft">
      {props.check.hasEvidence
        ? "The packets of this check are past their retention."
        : "The agent sent no packets with this result: it speaks an older submission version, which reports the outcome alone."}
    </p>
  );
}

function ExchangeReport(props: {
  readonly exchange: adminV1.Exchange;
  readonly serverName: string;
  readonly monitorName: string;
}): ReactNode {
  const { exchange } = props;
  return (
    <>
      <section aria-labelledby="exchange-title">
        <h2 id="exchange-title">The exchange</h2>
        <ExchangePicture {...props} />
        <p className="soft number exchange-ends">
          {exchange.source === "" ? "" : `from ${exchange.source} `}
          {exchange.destination === "" ? "" : `to ${exchange.destination}`}
        </p>
      </section>
      <div className="columns">
        <section aria-labelledby="numbers-title">
          <h2 id="numbers-title">Worked out</h2>
          <WorkedOut exchange={exchange} />
        </section>
        <section aria-labelledby="bound-title">
          <h2 id="bound-title">Bound on the error</h2>
          <BoundParts exchange={exchange} />
        </section>
      </div>
      <section aria-labelledby="rules-title">
        <h2 id="rules-title">Rules that the answer had to pass</h2>
        <RuleLadder rules={exchange.rules} />
      </section>
      <section aria-labelledby="packet-title">
        <h2 id="packet-title">The packet</h2>
        <PacketView fields={exchange.fields} bytes={exchange.response} />
        {exchange.request.length === 0 ? null : (
          <details className="as-table">
            <summary>The request, {exchange.request.length} bytes</summary>
            <PacketView fields={[]} bytes={exchange.request} />
          </details>
        )}
      </section>
    </>
  );
}
