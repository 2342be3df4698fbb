// "Check now": monitors are asked to look at once; what each finds is drawn as it comes. It counts for no score.

import { type ReactNode, useMemo, useState } from "react";
import { countOf } from "../format/number.ts";
import type { ServerFacts } from "../parts/server-facts.ts";
import { FieldProblem } from "../parts/states.tsx";
import { CheckNowAxis } from "./check-now-axis.tsx";
import { type CheckNowKind, type CheckNowRun, runSentence } from "./check-now-state.ts";
import { CheckNowTable } from "./check-now-table.tsx";
import { TraceroutePicture } from "./traceroute-picture.tsx";
import { useCheckNow } from "./use-check-now.ts";

const COUNTS = [5, 10, 20, 50] as const;

const PROMISES: Readonly<Record<CheckNowKind, string>> = {
  check: "Each sends one request now and tells what comes back. It counts for no score.",
  traceroute:
    "Each sends packets to the server's own port with a growing hop limit and tells who answers on the way.",
};

export function CheckNowSection(props: {
  readonly server: ServerFacts;
  readonly limitNs: number;
}): ReactNode {
  const { server } = props;
  const { run, problem, start, stop } = useCheckNow();
  const [kind, setKind] = useState<CheckNowKind>("check");
  const [monitorsMax, setMonitorsMax] = useState<number>(10);
  const running = run !== undefined && run.phase !== "ended";
  return (
    <>
      <div className="tools">
        <div className="chips" role="group" aria-label="What to do">
          <KindChip kind="check" name="NTP check" chosen={kind} onChoose={setKind} />
          <KindChip kind="traceroute" name="Traceroute" chosen={kind} onChoose={setKind} />
        </div>
        <label>
          from{" "}
          <select
            value={monitorsMax}
            aria-label="Monitors to ask at most"
            onChange={(event) => setMonitorsMax(Number(event.target.value))}
          >
            {COUNTS.map((count) => (
              <option key={count} value={count}>
                {count} monitors
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="button is-main"
          title={PROMISES[kind]}
          onClick={() => (running ? stop() : start({ serverId: server.id, kind, monitorsMax }))}
        >
          {running ? "Stop" : kind === "check" ? "Check now" : "Trace now"}
        </button>
        <span className="soft">{PROMISES[kind]}</span>
      </div>
      {problem === undefined ? null : <FieldProblem what="It broke off" problem={problem} />}
      {run === undefined ? null : <RunReport run={run} server={server} limitNs={props.limitNs} />}
    </>
  );
}

function KindChip(props: {
  readonly kind: CheckNowKind;
  readonly name: string;
  readonly chosen: CheckNowKind;
  readonly onChoose: (kind: CheckNowKind) => void;
}): ReactNode {
  return (
    <button
      type="button"
      className="chip"
      title={PROMISES[props.kind]}
      aria-pressed={props.kind === props.chosen}
      onClick={() => props.onChoose(props.kind)}
    >
      {props.name}
    </button>
  );
}

function RunReport(props: {
  readonly run: CheckNowRun;
  readonly server: ServerFacts;
  readonly limitNs: number;
}): ReactNode {
  const { run, server } = props;
  const answers = useMemo(() => [...run.answers.values()], [run]);
  return (
    <div
      className={run.phase === "ended" && run.monitors.length === 0 ? "" : "check-now"}
      aria-busy={run.phase !== "ended"}
    >
      <p role="status">
        {runSentence(run)}
        {run.phase === "ended" && run.monitors.length === 0 ? (
          <span className="soft">
            {" "}
            Our agents hold a stream open; those of the NTP Pool need MQTT.
          </span>
        ) : null}
      </p>
      {run.monitors.length === 0 ? null : run.kind === "check" ? (
        <>
          <CheckNowAxis run={run} limitNs={props.limitNs} />
          <CheckNowTable run={run} />
        </>
      ) : answers.length === 0 ? (
        <p className="soft">{countOf(run.monitors.length, "monitor")} on the way…</p>
      ) : (
        <TraceroutePicture answers={answers} server={server} />
      )}
    </div>
  );
}
