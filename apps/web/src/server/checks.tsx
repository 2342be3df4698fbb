// The checks behind the pictures, newest first, each opened with a click down to its packets.

import { useQuery } from "@tanstack/react-query";
import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";
import { msOf } from "../api/message.ts";
import { checksQuery } from "../api/queries.ts";
import { FilterBox } from "../filter/filter-box.tsx";
import { useReadFilter } from "../filter/use-filter.ts";
import { useUnhurried } from "../filter/use-unhurried.ts";
import { rangeOf } from "../history/view.ts";
import { CheckCells, CheckHeads } from "../parts/check-cells.tsx";
import { useHeld } from "../parts/held.ts";
import { AfterWait, ProblemNote } from "../parts/states.tsx";
import { Instant } from "../parts/values.tsx";
import { parseId, paths } from "../url/paths.ts";
import { useSearchState } from "../url/use-search.ts";

interface ChecksProps {
  readonly serverId: bigint;
  readonly assignments: readonly adminV1.Assignment[];
}

export function Checks(props: ChecksProps): ReactNode {
  const [search, change] = useSearchState();
  const [tokens, setTokens] = useState<readonly string[]>([]);
  const [pointerInside, setPointerInside] = useState(false);
  const range = rangeOf(search);
  const onlyBad = search["checks"] === "bad";
  const monitor = search["monitor"] ?? "";
  const written = search["q"] ?? "";
  const filter = useReadFilter("checks", written, 0);
  const answer = useQuery(
    checksQuery({
      serverId: props.serverId,
      monitorId: parseId(monitor) ?? 0n,
      onlyBad,
      filter: useUnhurried(filter.text),
      fromMs: range.kind === "fixed" ? range.fromMs : undefined,
      toMs: range.kind === "fixed" ? range.toMs : undefined,
      pageToken: tokens.at(-1) ?? "",
    }),
  );
  const checks = useHeld(answer.data?.checks, pointerInside && !answer.isPlaceholderData);
  const ask = (patch: Readonly<Record<string, string | undefined>>): void => {
    setTokens([]);
    setPointerInside(false);
    change(patch, "replace");
  };
  return (
    <div
      onPointerEnter={() => setPointerInside(true)}
      onPointerLeave={() => setPointerInside(false)}
    >
      <div className="tools">
        <FilterBox
          subject="checks"
          label="Search checks"
          placeholder="A reason, or rtt>200ms monitor.country:de"
          text={written}
          problem={filter.problem}
          onChange={(text) => ask({ q: text })}
          valuesOf={(field) =>
            field.name === "monitor" ? props.assignments.map(({ monitorName }) => monitorName) : []
          }
        />
        <label>
          <span className="visually-hidden">Monitor</span>
          <select value={monitor} onChange={(event) => ask({ monitor: event.target.value })}>
            <option value="">every monitor</option>
            {props.assignments.map((assignment) => (
              <option key={assignment.monitorId.toString()} value={assignment.monitorId.toString()}>
                {assignment.monitorName}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="chip"
          aria-pressed={onlyBad}
          onClick={() => ask({ checks: onlyBad ? undefined : "bad" })}
        >
          Only failed or costly
        </button>
        <span className="soft">{range.kind === "fixed" ? "within the range shown above" : ""}</span>
      </div>
      {checks === undefined ? (
        answer.isError ? (
          <ProblemNote
            error={answer.error}
            title="The checks could not be loaded"
            onRetry={() => void answer.refetch()}
          />
        ) : (
          <AfterWait>
            <div className="skeleton-row" />
          </AfterWait>
        )
      ) : checks.length === 0 ? (
        <p className="soft">
          {filter.text !== ""
            ? "No check here passes the filter."
            : onlyBad
              ? "None: every check here was good."
              : "No checks here yet."}
        </p>
      ) : (
        <ChecksTable checks={checks} />
      )}
      <p className="button-row">
        {tokens.length > 0 ? (
          <button type="button" className="button" onClick={() => setTokens(tokens.slice(0, -1))}>
            Newer
          </button>
        ) : null}
        {answer.data !== undefined && answer.data.nextPageToken !== "" ? (
          <button
            type="button"
            className="button"
            onClick={() => setTokens([...tokens, answer.data.nextPageToken])}
          >
            Older
          </button>
        ) : null}
      </p>
    </div>
  );
}

function ChecksTable(props: { readonly checks: readonly adminV1.Check[] }): ReactNode {
  return (
    <div className="table-scroll">
      <table className="table is-compact checks">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Monitor</th>
            <CheckHeads />
          </tr>
        </thead>
        <tbody>
          {props.checks.map((check) => (
            <CheckRow key={check.id.toString()} check={check} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CheckRow(props: { readonly check: adminV1.Check }): ReactNode {
  const { check } = props;
  const atMs = msOf(check.at);
  return (
    <tr>
      <th scope="row">
        <a href={paths.check(check.id)}>
          {atMs === undefined ? check.id.toString() : <Instant atMs={atMs} />}
        </a>
      </th>
      <td>{check.monitorName}</td>
      <CheckCells check={check} />
    </tr>
  );
}
