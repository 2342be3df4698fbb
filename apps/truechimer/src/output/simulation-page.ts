// What a review would change, and why each monitor is where it is.

import { adminV1 } from "@truechimer/api";
import type { Printer } from "../cli-context.ts";
import type { Column } from "./table.ts";

interface ChangeRow {
  readonly server: string;
  readonly change: adminV1.AssignmentChange;
}

/** Of one server with the reasons for every monitor; of several the changes alone. */
export async function printSimulations(
  printer: Printer,
  simulations: readonly adminV1.SimulateReviewResponse[],
): Promise<void> {
  const rows = simulations.flatMap(({ serverName, changes }) =>
    changes.map((change): ChangeRow => ({ server: serverName, change })),
  );
  const columns: readonly Column<ChangeRow>[] = [
    { title: "server", text: ({ server }) => server },
    { title: "monitor", text: ({ change }) => change.monitorName },
    { title: "from", text: ({ change }) => statusWord(change.from) },
    { title: "to", text: ({ change }) => statusWord(change.to) },
    { title: "why", text: ({ change }) => change.reasonText },
  ];
  await printer.table({ columns, rows, json: changeJson, empty: "a review would change nothing" });
  const [only, ...others] = simulations;
  if (only !== undefined && others.length === 0)
    await printExplanations(printer, only.explanations);
}

export async function printExplanations(
  printer: Printer,
  explanations: readonly adminV1.AssignmentExplanation[],
): Promise<void> {
  const columns: readonly Column<adminV1.AssignmentExplanation>[] = [
    { title: "monitor", text: ({ monitorName }) => monitorName },
    { title: "is", text: ({ status }) => statusWord(status) },
    { title: "should be", text: ({ target }) => statusWord(target) },
    { title: "cost", align: "right", text: ({ costPoints }) => costPoints.toFixed(1) },
    { title: "because it", text: ({ text }) => text },
  ];
  await printer.table({
    columns,
    rows: explanations,
    json: explanationJson,
    empty: "it has no monitors",
  });
}

function statusWord(status: adminV1.AssignmentStatus): string {
  switch (status) {
    case adminV1.AssignmentStatus.ACTIVE:
      return "active";
    case adminV1.AssignmentStatus.TESTING:
      return "testing";
    case adminV1.AssignmentStatus.PAUSED:
      return "paused";
    default:
      return "candidate";
  }
}

function changeJson({ server, change }: ChangeRow): Record<string, unknown> {
  return {
    server,
    monitor: change.monitorName,
    from: statusWord(change.from),
    to: statusWord(change.to),
    reason: change.reason,
  };
}

function explanationJson(explanation: adminV1.AssignmentExplanation): Record<string, unknown> {
  return {
    monitor: explanation.monitorName,
    status: statusWord(explanation.status),
    target: statusWord(explanation.target),
    hold: explanation.hold,
    cost_points: explanation.costPoints,
    text: explanation.text,
  };
}
