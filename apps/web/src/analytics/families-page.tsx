// Servers over IPv4 against the same over IPv6: where the two families tell different times, delays or losses.

import { useQuery } from "@tanstack/react-query";
import type { analyticsV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { familiesQuery } from "../api/queries.ts";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { countOf } from "../format/number.ts";
import { RangeChips } from "../history/range-chips.tsx";
import { rangeOf } from "../history/view.ts";
import { downloadText, toCsv } from "../parts/csv.ts";
import { serverNowMs } from "../parts/now.ts";
import { EmptyState } from "../parts/states.tsx";
import { useTitle } from "../shell/use-title.ts";
import { useSearchState } from "../url/use-search.ts";
import { AnalyticsTabs } from "./analytics-tabs.tsx";
import { AnswerOf } from "./answer-of.tsx";
import { FamiliesTable } from "./families-table.tsx";
import { FAMILY_EXPORT } from "./family-export.ts";
import { FamilyLegend } from "./family-picture.tsx";
import { familiesSentence } from "./family-words.ts";
import { RangeNote } from "./range-note.tsx";

export function FamiliesPage(): ReactNode {
  useTitle("IPv4 and IPv6");
  const [search, change] = useSearchState();
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const range = rangeOf(search);
  const answer = useQuery(familiesQuery({ range, filter: useUnhurried(filter.text) }));
  return (
    <article className="families-page">
      <AnalyticsTabs current="families" />
      <header className="page-head">
        <h1>IPv4 and IPv6</h1>
      </header>
      <div className="tools">
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
      <AnswerOf query={answer} what="the families" failed="The families could not be compared">
        {(data) => <Families answer={data} />}
      </AnswerOf>
    </article>
  );
}

function Families({ answer }: { readonly answer: analyticsV1.GetFamiliesResponse }): ReactNode {
  const { pairs } = answer;
  if (pairs.length === 0) {
    return (
      <EmptyState title="No name has checks over both IPv4 and IPv6">
        <RangeNote range={answer.range} />
        <p>
          A server is compared with itself when it is watched under one name over both families, and
          a monitor of each family checks it.
        </p>
        <LeftOut answer={answer} />
      </EmptyState>
    );
  }
  return (
    <>
      <p className="page-sentence">{familiesSentence(answer)}</p>
      <RangeNote range={answer.range} />
      <FamilyLegend />
      <FamiliesTable pairs={pairs} />
      <p className="heat-order">
        Each family is seen by the monitors of that family. Differences are IPv6 less IPv4, ± one
        standard error of the medians; the most certain difference of offsets comes first.
      </p>
      <LeftOut answer={answer} />
      <p className="button-row">
        <button
          type="button"
          className="button is-small"
          onClick={() => {
            const at = new Date(serverNowMs()).toISOString().slice(0, 19).replaceAll(":", "");
            downloadText(`truechimer-families-${at}Z.csv`, toCsv(pairs, FAMILY_EXPORT));
          }}
        >
          Export CSV
        </button>
      </p>
    </>
  );
}

function LeftOut({ answer }: { readonly answer: analyticsV1.GetFamiliesResponse }): ReactNode {
  const { pairs, pairsTotal, pairsNotCompared, namesOfOneFamily } = answer;
  const parts = [
    ...(pairs.length < pairsTotal
      ? [`${countOf(pairsTotal - pairs.length, "name")} that differ less clearly`]
      : []),
    ...(pairsNotCompared > 0
      ? [`${countOf(pairsNotCompared, "name")} of both families without checks over one of them`]
      : []),
    ...(namesOfOneFamily > 0 ? [`${countOf(namesOfOneFamily, "name")} of one family alone`] : []),
  ];
  return parts.length === 0 ? null : <p className="heat-order">Left out: {parts.join("; ")}.</p>;
}
