// What is asked of the control plane, by how many at once, and how fast.

import { RESULTS } from "./submissions.ts";

/** Results a second at which the answering time of a submission is asked for. */
const PACED_RESULTS = 5_000;
const PACED_GET_SERVERS = 2_000;
const HAMMERED_SERVERS = 20;
/** As many as the NTP Pool's figures are of. */
const CALLERS_FEW = 16;

export interface Condition {
  readonly name: string;
  readonly title: string;
  readonly kind: "submit" | "get-servers" | "plain-inserts";
  readonly version: 4 | 5;
  readonly callers: number;
  /** Calls a second. Absent: as fast as they are answered. */
  readonly pace?: number;
  /** Servers that results are about. Absent: all. */
  readonly servers?: number;
  /** Submissions to have ready: more than can be taken. */
  readonly perSecondMax: number;
}

export const CONDITIONS: readonly Condition[] = [
  {
    name: "plain-inserts",
    title: "Plain inserts of 12 rows, 16 connections",
    kind: "plain-inserts",
    version: 4,
    callers: 16,
    perSecondMax: 0,
  },
  {
    name: "submit-4",
    title: "SubmitResults, version 4",
    kind: "submit",
    version: 4,
    callers: 64,
    perSecondMax: 4_500,
  },
  {
    name: "submit-5",
    title: "SubmitResults, version 5, three exchanges each",
    kind: "submit",
    version: 5,
    callers: 64,
    perSecondMax: 2_000,
  },
  {
    name: "submit-4-paced",
    title: "SubmitResults, version 4, 5,000 results/s",
    kind: "submit",
    version: 4,
    callers: 64,
    pace: PACED_RESULTS / RESULTS,
    perSecondMax: PACED_RESULTS / RESULTS + 50,
  },
  {
    name: "submit-5-paced",
    title: "SubmitResults, version 5, 5,000 results/s",
    kind: "submit",
    version: 5,
    callers: 64,
    pace: PACED_RESULTS / RESULTS,
    perSecondMax: PACED_RESULTS / RESULTS + 50,
  },
  {
    name: "get-servers",
    title: "GetServers",
    kind: "get-servers",
    version: 5,
    callers: 64,
    perSecondMax: 0,
  },
  {
    name: "get-servers-16",
    title: `GetServers, ${CALLERS_FEW} callers`,
    kind: "get-servers",
    version: 5,
    callers: CALLERS_FEW,
    perSecondMax: 0,
  },
  {
    name: "get-servers-paced",
    title: "GetServers, 2,000/s",
    kind: "get-servers",
    version: 5,
    callers: 64,
    pace: PACED_GET_SERVERS,
    perSecondMax: 0,
  },
  {
    name: "hammer",
    title: `SubmitResults, ${CALLERS_FEW} callers on ${HAMMERED_SERVERS} servers`,
    kind: "submit",
    version: 4,
    callers: CALLERS_FEW,
    servers: HAMMERED_SERVERS,
    perSecondMax: 3_000,
  },
];
