// One server: how its offsets and delays are distributed, and how stable its frequency is. Range and filter stand in the
// address.

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { allanQuery, distributionsQuery } from "../api/queries.ts";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { formatCount, formatShare } from "../format/number.ts";
import { RangeChips } from "../history/range-chips.tsx";
import { rangeOf } from "../history/view.ts";
import { EmptyState, PageSkeleton, ProblemNote } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import { parseId, paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { AllanPicture } from "./allan-picture.tsx";
import { allanSentence, averagingText, fractionText } from "./allan-words.ts";
import { Histogram } from "./histogram.tsx";
import { RangeNote } from "./range-note.tsx";

export function DistributionPage(): ReactNode {
  const { serverId } = useParams({ strict: false }) as { readonly serverId?: string };
  const id = parseId(serverId);
  if (id === undefined) {
    return (
      <EmptyState title="That is no server's address" alone>
        <p>
          <a href={paths.servers()}>All servers</a>
        </p>
      </EmptyState>
    );
  }
  return <Distribution id={id} />;
}

function Distribution({ id }: { readonly id: bigint }): ReactNode {
  const [search, change] = useSearchState();
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const range = rangeOf(search);
  const answer = useQuery(
    distributionsQuery({ range, serverId: id, filter: useUnhurried(filter.text) }),
  );
  const name = answer.data?.serverName ?? "";
  useTitle(`Distribution of ${name}`);
  if (answer.data === undefined) {
    return answer.isError ? (
      <ProblemNote
        error={answer.error}
        title="The distribution could not be read"
        onRetry={() => void answer.refetch()}
      />
    ) : (
      <PageSkeleton what="the distribution" />
    );
  }
  const { offset, delay } = answer.data;
  return (
    <article className="distribution-page">
      <header className="page-head">
        <p className="crumbs">
          <a href={paths.servers()}>Servers</a> <a href={paths.server(id)}>{name}</a>
        </p>
        <h1>Distribution and stability of {name}</h1>
      </header>
      <div className="tools">
        <RangeChips range={range} change={change} />
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder="monitor:zurich"
          text={written}
          problem={filter.problem}
          onChange={(text) => change({ q: text }, "replace")}
        />
      </div>
      <RangeNote range={answer.data.range} />
      {answer.isError ? (
        <ProblemNote error={answer.error} title="The newest answer could not be read" />
      ) : null}
      <section aria-labelledby="offsets-title">
        <h2 id="offsets-title">Offsets</h2>
        <Bars distribution={offset} signed label="Offsets" />
      </section>
      <section aria-labelledby="delays-title">
        <h2 id="delays-title">Round trips</h2>
        <Bars distribution={delay} signed={false} label="Round trips" />
      </section>
      <Stability id={id} />
    </article>
  );
}

function Bars(props: {
  readonly distribution: analyticsV1.Distribution | undefined;
  readonly signed: boolean;
  readonly label: string;
}): ReactNode {
  const { distribution } = props;
  if (distribution === undefined || distribution.count === 0n)
    return <p className="soft">No check succeeded in this range.</p>;
  return <Histogram {...props} distribution={distribution} />;
}

function Stability({ id }: { readonly id: bigint }): ReactNode {
  const [search] = useSearchState();
  const answer = useQuery(allanQuery({ range: rangeOf(search), serverId: id }));
  return (
    <section aria-labelledby="stability-title">
      <h2 id="stability-title">Frequency stability</h2>
      {answer.data === undefined ? (
        answer.isError ? (
          <ProblemNote
            error={answer.error}
            title="The stability could not be read"
            onRetry={() => void answer.refetch()}
          />
        ) : null
      ) : (
        <AllanResult answer={answer.data} />
      )}
    </section>
  );
}

function AllanResult({
  answer,
}: {
  readonly answer: analyticsV1.GetAllanDeviationResponse;
}): ReactNode {
  const sentence = allanSentence(answer);
  if (answer.series.length === 0) return <p className="soft">No offsets in this range.</p>;
  return (
    <>
      <p>{sentence}</p>
      <p className="heat-order">
        Overlapping Allan deviation by averaging time: how much the frequency changes from one
        average to the next. What a monitor sees is the server's clock, its own, and the path
        between them. A term with a missing check is left out.
        {answer.monitorsTotal > answer.series.length
          ? ` The ${formatCount(answer.series.length)} monitors with the most checks of ${formatCount(answer.monitorsTotal)}.`
          : ""}
      </p>
      <AllanPicture series={answer.series} label={`Allan deviation. ${sentence}`} />
      <div className="table-scroll">
        <table className="table is-compact allan-table">
          <thead>
            <tr>
              <th scope="col">Monitor</th>
              <th scope="col" className="is-number">
                Most stable
              </th>
              <th scope="col" className="is-number is-minor">
                Averaged over
              </th>
              <th scope="col" className="is-number is-minor">
                Distance of checks
              </th>
              <th
                scope="col"
                className="is-number is-minor"
                title="Of the grid on which the offsets are put"
              >
                Without gap
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.series.map((series, at) => (
              <AllanRow key={series.monitorId.toString()} series={series} at={at} />
            ))}
          </tbody>
        </table>
      </div>
      <AllanPoints series={answer.series} />
    </>
  );
}

function AllanRow(props: {
  readonly series: analyticsV1.AllanSeries;
  readonly at: number;
}): ReactNode {
  const { series, at } = props;
  const least = Math.min(...series.deviation);
  const where = series.deviation.indexOf(least);
  const known = where >= 0;
  return (
    <tr>
      <th scope="row">
        <span className={`swatch is-line-${at + 1}`} />
        {series.monitorName}
      </th>
      <td className="is-number">{known ? fractionText(least, series.error[where] ?? 0) : "–"}</td>
      <td className="is-number is-minor">{known ? averagingText(series.tauS[where] ?? 0) : "–"}</td>
      <td className="is-number is-minor">{averagingText(series.tau0S)}</td>
      <td className="is-number is-minor">
        {series.slots === 0 ? "–" : formatShare(series.filled / series.slots)}
      </td>
    </tr>
  );
}

function AllanPoints(props: { readonly series: readonly analyticsV1.AllanSeries[] }): ReactNode {
  const rows = props.series.flatMap((series) =>
    series.tauS.map((tauS, at) => ({
      key: `${series.monitorId} ${tauS}`,
      name: series.monitorName,
      tauS,
      deviation: series.deviation[at] ?? 0,
      error: series.error[at] ?? 0,
      terms: series.terms[at] ?? 0n,
    })),
  );
  return (
    <details className="as-table">
      <summary>Show as a table</summary>
      <table className="table is-compact">
        <thead>
          <tr>
            <th scope="col">Monitor</th>
            <th scope="col" className="is-number">
              Averaged over
            </th>
            <th scope="col" className="is-number">
              Deviation
            </th>
            <th scope="col" className="is-number is-minor">
              Terms
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, name, tauS, deviation, error, terms }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              <td className="is-number">{averagingText(tauS)}</td>
              <td className="is-number" title={deviation.toExponential(3)}>
                {fractionText(deviation, error)}
              </td>
              <td className="is-number is-minor">{formatCount(terms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
