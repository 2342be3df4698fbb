// Which fields of a filter the past is kept for. One that is not is refused at its place, with what to ask for instead.

import type { AlertSubjectName } from "@truechimer/database";
import {
  type Column,
  FIELDS,
  type Field,
  type FilterNode,
  type FilterProblem,
  findField,
  parseFilter,
  writtenName,
} from "@truechimer/filter";

/** By events, and by the scorer's results. */
const CHANGING: Readonly<Record<AlertSubjectName, readonly Column[]>> = {
  servers: ["server.verdict", "server.fault", "server.fault_cause", "server.score"],
  monitors: ["monitor.online"],
  certificates: [],
};

/** Taken to be what they are today. */
const LASTING: Readonly<Record<AlertSubjectName, readonly Column[]>> = {
  servers: [
    "server.name",
    "server.address",
    "server.port",
    "server.family",
    "server.lab",
    "server.id",
  ],
  monitors: [
    "monitor.name",
    "monitor.address",
    "monitor.family",
    "monitor.status",
    "monitor.country",
    "monitor.network",
    "monitor.location",
    "monitor.client_version",
    "monitor.lab",
    "monitor.id",
  ],
  certificates: [],
};

const INSTEAD: Readonly<Record<string, string>> = {
  "server.offset_ns": "try verdict:falseticker or score<10",
  "server.stale": "try verdict:unreachable,unsure",
  "server.witnesses_fresh": "try verdict:unsure",
  "server.witnesses_against": "try verdict:falseticker",
  "server.verdict_reason": "try verdict",
  "server.loss": "try score<10 or fault_cause:loss",
  "server.leap_inserts": "try fault_cause:leap_error",
  "server.leap_deletes": "try fault_cause:leap_error",
  "server.last_check_at": "try verdict:unreachable,unsure",
  "server.last_seen_at": "try verdict:unreachable",
  "monitor.last_seen_at": "try online:no with a time that it must hold",
  "monitor.last_submit_at": "try online:no with a time that it must hold",
  "monitor.checks_last_hour": "try online:no with a time that it must hold",
};

/** Of a column that stays: what a database can be asked before the past is read. */
export function isLasting(subject: AlertSubjectName, column: Column): boolean {
  return LASTING[subject].includes(column);
}

/** The first thing in a filter that nothing is kept of. The filter can be read. */
export function unreplayable(subject: AlertSubjectName, filter: string): FilterProblem | undefined {
  const parsed = parseFilter(filter);
  return parsed.ok ? problemOf(parsed.value, subject) : parsed.error;
}

function problemOf(node: FilterNode, subject: AlertSubjectName): FilterProblem | undefined {
  switch (node.kind) {
    case "everything":
      return undefined;
    case "and":
    case "or":
      return node.operands.map((operand) => problemOf(operand, subject)).find(Boolean);
    case "not":
      return problemOf(node.operand, subject);
    case "search": {
      const { at, length } = node;
      const message =
        "a word without a field is looked for in fields that are not kept of the past";
      return { at, length, message, expected: `expected a field before it, such as name:*` };
    }
    case "compare": {
      const field = findField(subject, node.field);
      if (field === undefined || isKept(subject, field)) return undefined;
      const message = `${node.field} is not kept of the past, so that a rule with it cannot be tried`;
      return {
        at: node.at,
        length: node.field.length,
        message,
        expected: expectedFor(subject, field),
      };
    }
    default:
      return node satisfies never;
  }
}

function isKept(subject: AlertSubjectName, { column }: Field): boolean {
  return CHANGING[subject].includes(column) || isLasting(subject, column);
}

function expectedFor(subject: AlertSubjectName, { column }: Field): string {
  const kept = FIELDS[subject].filter((field) => isKept(subject, field));
  const names = kept.map((field) => writtenName(field, subject)).join(", ");
  const instead = INSTEAD[column];
  return `${instead === undefined ? "" : `${instead}; `}expected only ${names}`;
}
