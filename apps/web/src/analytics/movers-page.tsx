// What has changed since the time before, the worst first, and how the scores of all servers are distributed.

import { useQuery } from "@tanstack/react-query";
import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { offsetOf } from "../api/message.ts";
import { type HistoryRange, moversQuery } from "../api/queries.ts";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { countOf, formatCount } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { formatLong } from "../format/relative-time.ts";
import { RangeChips } from "../history/range-chips.tsx";
import { rangeOf } from "../history/view.ts";
import { Nothing, OffsetText } from "../parts/values.tsx";
import { VerdictShape } from "../parts/verdict.tsx";
import { verdictName } from "../parts/words.ts";
import { useTitle } from "../shell/use-title.ts";
import { paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";
import { AnalyticsTabs } from "./analytics-tabs.tsx";
import { AnswerOf } from "./answer-of.tsx";
import { figuresValue } from "./heat-grid.ts";
import { MEASURES, type MeasureFacts, measureOf, valueText } from "./heat-scale.ts";
import { MeasureChips } from "./measure-chips.tsx";
import { moversSentence } from "./movers-words.ts";
import { RangeNote } from "./range-note.tsx";
import { ScorePicture } from "./score-picture.tsx";

export function MoversPage(): ReactNode {
  useTitle("Movers and scores");
  const [search, change] = useSearchState();
  const measure = measureOf(search["measure"]);
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const range = rangeOf(search);
  const answer = useQuery(
    moversQuery({ range, measure: measure.wire, filter: useUnhurried(filter.text) }),
  );
  return (
    <article className="movers-page">
      <AnalyticsTabs current="movers" />
      <header className="page-head">
        <h1>Movers and scores</h1>
      </header>
      <div className="tools">
        <MeasureChips measure={measure} change={change} />
        <RangeChips range={range} change={change} />
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder="server:ntp1.*, or monitor.country:de"
          text={written}
          problem={filter.problem}
          onChange={(text) => change({ q: text }, "replace")}
        />
      </div>
      <AnswerOf query={answer} what="the movers" failed="The movers could not be read">
        {(data) => <Movers answer={data} range={range} />}
      </AnswerOf>
    </article>
  );
}

function Movers(props: {
  readonly answer: analyticsV1.GetMoversResponse;
  readonly range: HistoryRange;
}): ReactNode {
  const { answer, range } = props;
  const measure = MEASURES.find(({ wire }) => wire === answer.measure) ?? measureOf(undefined);
  const spanMs = range.kind === "last" ? range.spanMs : range.toMs - range.fromMs;
  const scored = answer.scores.reduce((sum, { servers }) => sum + servers, 0);
  return (
    <>
      <p className="page-sentence">{moversSentence(answer, measure)}</p>
      <RangeNote range={answer.range} />
      <section aria-labelledby="movers-title">
        <h2 id="movers-title">Grown the most against the {formatLong(spanMs)} before</h2>
        {answer.movers.length === 0 ? (
          <p className="soft">
            Nothing has grown: {countOf(answer.serversCompared, "server")} compared.
          </p>
        ) : (
          <MoversTable movers={answer.movers} measure={measure} />
        )}
        {answer.serversNotCompared === 0 ? null : (
          <p className="heat-order">
            {countOf(answer.serversNotCompared, "server")} without a value in one of the two times
            {answer.serversNotCompared === 1 ? " is" : " are"} not compared.
          </p>
        )}
      </section>
      <section aria-labelledby="scores-title">
        <h2 id="scores-title">Scores of {countOf(scored, "server")}</h2>
        <ScorePicture bins={answer.scores} />
      </section>
    </>
  );
}

function MoversTable(props: {
  readonly movers: readonly analyticsV1.Mover[];
  readonly measure: MeasureFacts;
}): ReactNode {
  const { movers, measure } = props;
  const isOffset = measure.name === "offset";
  return (
    <div className="table-scroll">
      <table className="table is-compact movers-table">
        <thead>
          <tr>
            <th scope="col">Server</th>
            <th scope="col" className="is-number">
              Grown by
            </th>
            <th scope="col" className="is-number is-minor">
              Before
            </th>
            <th scope="col" className="is-number">
              After
            </th>
            <th scope="col" className="is-number is-minor">
              Checks before
            </th>
            <th scope="col" className="is-number is-minor">
              Checks after
            </th>
          </tr>
        </thead>
        <tbody>
          {movers.map(({ serverId, serverName, verdict, before, after, change, changeBound }) => (
            <tr key={serverId.toString()}>
              <th scope="row">
                <span className="name-cell">
                  <VerdictShape verdict={verdictName(verdict)} />
                  <a href={paths.server(serverId)}>{serverName}</a>
                </span>
              </th>
              <td className="is-number">
                {isOffset ? (
                  <span title={formatOffset(change, changeBound).exact}>
                    {formatOffset(change, changeBound).text}
                  </span>
                ) : (
                  `+${valueText(measure, change)}`
                )}
              </td>
              <td className="is-number is-minor">
                <Value measure={measure} figures={before} />
              </td>
              <td className="is-number">
                <Value measure={measure} figures={after} />
              </td>
              <td className="is-number is-minor">{formatCount(before?.checks ?? 0n)}</td>
              <td className="is-number is-minor">{formatCount(after?.checks ?? 0n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Of offsets the median with its sign and bound; the change is that of their size. */
function Value(props: {
  readonly measure: MeasureFacts;
  readonly figures: analyticsV1.CheckFigures | undefined;
}): ReactNode {
  const { measure, figures } = props;
  if (measure.name === "offset") return <OffsetText offset={offsetOf(figures?.offset)} />;
  const value = figuresValue(measure, figures);
  return value === undefined ? <Nothing why="nothing measured" /> : valueText(measure, value);
}
