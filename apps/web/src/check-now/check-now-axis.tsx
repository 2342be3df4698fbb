// The answers on the offset axis as they come; those who are asked and have not answered stand beside it.

import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useMemo } from "react";
import { msOf, offsetOf } from "../api/message.ts";
import { type AxisItem, OffsetAxis } from "../axis/offset-axis.tsx";
import { formatSpan } from "../format/offset.ts";
import { OffsetText, TimeAgo } from "../parts/values.tsx";
import { reasonWords } from "../parts/words.ts";
import { type CheckNowRun, runSentence } from "./check-now-state.ts";

export function CheckNowAxis(props: {
  readonly run: CheckNowRun;
  readonly limitNs: number;
}): ReactNode {
  const { run, limitNs } = props;
  const items = useMemo(
    () =>
      run.monitors.map((monitor) =>
        toItem(monitor, {
          answer: run.answers.get(monitor.id),
          limitNs,
          ended: run.phase === "ended",
        }),
      ),
    [run, limitNs],
  );
  return (
    <OffsetAxis
      items={items}
      limitNs={limitNs}
      noun="asked monitors"
      summary={runSentence(run)}
      withTable={false}
    />
  );
}

interface ItemContext {
  readonly answer: adminV1.CheckNowAnswer | undefined;
  readonly limitNs: number;
  readonly ended: boolean;
}

function toItem(monitor: adminV1.Monitor, context: ItemContext): AxisItem {
  const { answer, limitNs, ended } = context;
  const offset = offsetOf(answer?.offset);
  const size = Math.abs(Number(offset?.valueNs ?? 0n)) - Number(offset?.boundNs ?? 0n);
  const failed = answer !== undefined && answer.reason !== "";
  return {
    key: monitor.id.toString(),
    name: monitor.name,
    href: "#check-now-answers",
    offset,
    shape:
      answer === undefined || (failed && offset === undefined)
        ? answer === undefined && !ended
          ? "unsure"
          : "unreachable"
        : failed
          ? "unsure"
          : size > limitNs
            ? "falseticker"
            : "truechimer",
    freshness: 1,
    named: true,
    note:
      answer === undefined
        ? ended
          ? "did not tell in time"
          : "asked…"
        : failed
          ? reasonWords(answer.reason)
          : "no offset",
    card: <AnswerCard name={monitor.name} answer={answer} />,
  };
}

function AnswerCard(props: {
  readonly name: string;
  readonly answer: adminV1.CheckNowAnswer | undefined;
}): ReactNode {
  const { answer } = props;
  return (
    <>
      <p className="card-head">
        <strong>{props.name}</strong>
      </p>
      <p className="card-figure">
        <OffsetText offset={offsetOf(answer?.offset)} />
      </p>
      <p className="soft">
        {answer?.rttNs === undefined ? null : <>round trip {formatSpan(answer.rttNs)} · </>}
        <TimeAgo atMs={msOf(answer?.answeredAt)} never="no answer yet" />
      </p>
    </>
  );
}
