// What each page asks, how often, and under which key. Polling stops by itself while the page is hidden.

import {
  keepPreviousData,
  QueryClient,
  queryOptions,
  type UseQueryOptions,
} from "@tanstack/react-query";
import type { adminV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { isLoading } from "../shell/load-note.ts";
import {
  adminClient,
  analyticsClient,
  LONG_CALL_TIMEOUT_MS,
  peopleClient,
  rulesClient,
  signInClient,
} from "./client.ts";
import { clockSkewMs } from "./clock-skew.ts";
import { clockSkewStore } from "./connection.ts";
import { msOf, timestampOf } from "./message.ts";
import { isPassing } from "./problem.ts";

const POLL_MS = 2_500;
/** Reviews are minutes apart. */
const COVERAGE_POLL_MS = 10_000;
/** A load takes seconds. */
const LOAD_POLL_MS = 1_000;
const INGEST_POLL_MS = 15_000;
/** A short history is cheap to read again, and its reader waits for every point. */
const HISTORY_POLL_QUICK_MS = 5_000;
const HISTORY_POLL_MS = 20_000;
const ROWS_QUICK = 5_000n;
/** What many checks come to moves slowly, and costs the server something. */
const ANALYTICS_POLL_MS = 30_000;
/** About one for three pixels. */
const BUCKETS_MAX = 360;
/** People change seldom. */
const PEOPLE_POLL_MS = 10_000;
const RETRIES = 2;

/** One for the page. Passing failures are tried again; what polls shows its last answer meanwhile. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < RETRIES && isPassing(error),
        retryDelay: 500,
        staleTime: 1_000,
        // Messages hold bigints and typed defaults; comparing them costs more than rendering.
        structuralSharing: false,
        // A browser that believes itself offline can still reach localhost.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

type Query<T> = UseQueryOptions<T, Error, T, readonly string[]>;

export function overviewQuery(): Query<adminV1.GetOverviewResponse> {
  return queryOptions({
    queryKey: ["overview"] as readonly string[],
    queryFn: async ({ signal }) => {
      const sentAtMs = Date.now();
      const answer = await adminClient.getOverview({}, { signal });
      noteClockSkew(msOf(answer.serverTime), sentAtMs, Date.now());
      return answer;
    },
    refetchInterval: POLL_MS,
  });
}

export function serversQuery(includeRemoved: boolean): Query<adminV1.ListServersResponse> {
  return queryOptions({
    queryKey: ["servers", includeRemoved ? "removed too" : "watched"] as readonly string[],
    queryFn: ({ signal }) => adminClient.listServers({ includeRemoved }, { signal }),
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });
}

export function serverQuery(id: bigint): Query<adminV1.GetServerResponse> {
  return queryOptions({
    queryKey: ["server", id.toString()] as readonly string[],
    queryFn: ({ signal }) => adminClient.getServer({ id }, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function agentsQuery(): Query<adminV1.ListAgentsResponse> {
  return queryOptions({
    queryKey: ["agents"] as readonly string[],
    queryFn: ({ signal }) => adminClient.listAgents({}, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function agentQuery(id: string): Query<adminV1.GetAgentResponse> {
  return queryOptions({
    queryKey: ["agent", id] as readonly string[],
    queryFn: ({ signal }) => adminClient.getAgent({ id }, { signal }),
    refetchInterval: POLL_MS,
  });
}

/** Those that wait, or all of them. */
export function registrationsQuery(
  includeDecided: boolean,
): Query<adminV1.ListRegistrationsResponse> {
  return queryOptions({
    queryKey: ["registrations", includeDecided ? "decided too" : "waiting"] as readonly string[],
    queryFn: ({ signal }) => adminClient.listRegistrations({ includeDecided }, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function enrolmentTokensQuery(): Query<adminV1.ListEnrolmentTokensResponse> {
  return queryOptions({
    queryKey: ["enrolment tokens"] as readonly string[],
    queryFn: ({ signal }) => adminClient.listEnrolmentTokens({}, { signal }),
    refetchInterval: POLL_MS,
  });
}

/** The same answer, asked for as long as the history is being loaded. */
export function loadQuery(): Query<adminV1.GetSystemResponse> {
  return queryOptions({
    queryKey: ["load"] as readonly string[],
    queryFn: ({ signal }) => adminClient.getSystem({}, { signal }),
    retry: false,
    refetchInterval: ({ state }) =>
      isLoading(state.data?.history) ? LOAD_POLL_MS : INGEST_POLL_MS,
  });
}

export function systemQuery(): Query<adminV1.GetSystemResponse> {
  return queryOptions({
    queryKey: ["system"] as readonly string[],
    queryFn: ({ signal }) => adminClient.getSystem({}, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function coverageQuery(): Query<adminV1.GetCoverageResponse> {
  return queryOptions({
    queryKey: ["coverage"] as readonly string[],
    queryFn: ({ signal }) => adminClient.getCoverage({}, { signal }),
    refetchInterval: COVERAGE_POLL_MS,
  });
}

export function monitorsQuery(): Query<adminV1.ListMonitorsResponse> {
  return queryOptions({
    queryKey: ["monitors"] as readonly string[],
    queryFn: ({ signal }) => adminClient.listMonitors({}, { signal }),
    refetchInterval: COVERAGE_POLL_MS,
  });
}

/** `policyJson` "": the server's own policy. */
export function reviewQuery(
  serverId: bigint,
  policyJson: string,
): Query<adminV1.SimulateReviewResponse> {
  return queryOptions({
    queryKey: ["review", serverId.toString(), policyJson] as readonly string[],
    queryFn: ({ signal }) => adminClient.simulateReview({ serverId, policyJson }, { signal }),
    refetchInterval: COVERAGE_POLL_MS,
  });
}

/** The newest paths to a server, from whichever monitors. */
export function keptPathsQuery(serverId: bigint): Query<adminV1.ListTraceroutesResponse> {
  return queryOptions({
    queryKey: ["kept paths", serverId.toString()] as readonly string[],
    queryFn: ({ signal }) => adminClient.listTraceroutes({ serverId, pageSize: 200 }, { signal }),
    refetchInterval: POLL_MS,
  });
}

export function rateLimitsQuery(): Query<adminV1.ListRateLimitsResponse> {
  return queryOptions({
    queryKey: ["rate limits"] as readonly string[],
    queryFn: ({ signal }) => adminClient.listRateLimits({}, { signal }),
    refetchInterval: POLL_MS,
  });
}

/** Who is signed in here, and what that one may do. */
export function callerQuery(): Query<peopleV1.GetCallerResponse> {
  return queryOptions({
    queryKey: ["caller"] as readonly string[],
    queryFn: ({ signal }) => peopleClient.getCaller({}, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

export function usersQuery(): Query<peopleV1.ListUsersResponse> {
  return queryOptions({
    queryKey: ["users"] as readonly string[],
    queryFn: ({ signal }) => peopleClient.listUsers({}, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

/** Of the caller, or of a user. */
export function sessionsQuery(userId: string): Query<peopleV1.ListSessionsResponse> {
  return queryOptions({
    queryKey: ["sessions", userId] as readonly string[],
    queryFn: ({ signal }) => peopleClient.listSessions({ userId }, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

export function passkeysQuery(): Query<peopleV1.ListPasskeysResponse> {
  return queryOptions({
    queryKey: ["passkeys"] as readonly string[],
    queryFn: ({ signal }) => peopleClient.listPasskeys({}, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

export function keysQuery(): Query<peopleV1.ListKeysResponse> {
  return queryOptions({
    queryKey: ["keys"] as readonly string[],
    queryFn: ({ signal }) => peopleClient.listKeys({}, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

export function accountsQuery(): Query<peopleV1.ListAccountsResponse> {
  return queryOptions({
    queryKey: ["accounts"] as readonly string[],
    queryFn: ({ signal }) => peopleClient.listAccounts({}, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

export interface AuditQuestion {
  readonly who: string;
  readonly what: string;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly pageToken: string;
}

export function auditQuery(question: AuditQuestion): Query<peopleV1.ListAuditEntriesResponse> {
  const { who, what, fromMs, toMs, pageToken } = question;
  return queryOptions({
    queryKey: ["audit", who, what, String(fromMs), String(toMs), pageToken] as readonly string[],
    queryFn: ({ signal }) =>
      peopleClient.listAuditEntries(
        {
          who,
          what,
          pageToken,
          pageSize: 50,
          ...(fromMs === undefined ? {} : { from: timestampOf(fromMs) }),
          ...(toMs === undefined ? {} : { to: timestampOf(toMs) }),
        },
        { signal },
      ),
    refetchInterval: pageToken === "" ? PEOPLE_POLL_MS : false,
    placeholderData: keepPreviousData,
  });
}

/** Reads the whole trail, so it is asked for and not polled. */
export function auditStateQuery(): Query<peopleV1.VerifyAuditResponse> {
  return queryOptions({
    queryKey: ["audit state"] as readonly string[],
    queryFn: ({ signal }) =>
      peopleClient.verifyAudit({}, { signal, timeoutMs: LONG_CALL_TIMEOUT_MS }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function signInOptionsQuery(): Query<signInV1.GetSignInOptionsResponse> {
  return queryOptions({
    queryKey: ["sign-in options"] as readonly string[],
    queryFn: ({ signal }) => signInClient.getSignInOptions({}, { signal }),
  });
}

/** Whom a one-time link is for. */
export function linkQuery(secret: string): Query<signInV1.LookUpLinkResponse> {
  return queryOptions({
    queryKey: ["link", secret] as readonly string[],
    queryFn: ({ signal }) => signInClient.lookUpLink({ secret }, { signal }),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The range of a history question. A moving one ends at each asking's now. */
export type HistoryRange =
  | { readonly kind: "last"; readonly spanMs: number }
  | { readonly kind: "fixed"; readonly fromMs: number; readonly toMs: number };

export function historyQuery(
  serverId: bigint,
  range: HistoryRange,
  pointsMax: number,
): Query<adminV1.GetServerHistoryResponse> {
  return queryOptions({
    queryKey: [
      "history",
      serverId.toString(),
      keyOf(range),
      pointsMax.toString(),
    ] as readonly string[],
    queryFn: ({ signal }) => {
      return adminClient.getServerHistory(
        { serverId, ...instantsOf(range), pointsMax },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      );
    },
    refetchInterval: (query) => {
      if (range.kind === "fixed") return false;
      const rows = query.state.data?.rowsTotal ?? 0n;
      return rows < ROWS_QUICK ? HISTORY_POLL_QUICK_MS : HISTORY_POLL_MS;
    },
    placeholderData: (before, query) =>
      query?.queryKey[1] === serverId.toString() ? before : undefined,
  });
}

export interface HeatMapQuestion {
  readonly range: HistoryRange;
  readonly measure: analyticsV1.Measure;
  /** Of checks; one that can be read. */
  readonly filter: string;
  readonly serversMax: number;
}

export function heatMapQuery(question: HeatMapQuestion): Query<analyticsV1.GetHeatMapResponse> {
  const { range, measure, filter, serversMax } = question;
  return queryOptions({
    queryKey: [
      "heat map",
      keyOf(range),
      measure.toString(),
      filter,
      serversMax.toString(),
    ] as readonly string[],
    queryFn: ({ signal }) =>
      analyticsClient.getHeatMap(
        { ...instantsOf(range), measure, filter, serversMax },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    refetchInterval: range.kind === "fixed" ? false : ANALYTICS_POLL_MS,
    placeholderData: keepPreviousData,
  });
}

export function distributionsQuery(question: {
  readonly range: HistoryRange;
  readonly serverId: bigint;
  readonly filter: string;
}): Query<analyticsV1.GetDistributionsResponse> {
  const { range, serverId, filter } = question;
  return queryOptions({
    queryKey: ["distributions", serverId.toString(), keyOf(range), filter] as readonly string[],
    queryFn: ({ signal }) =>
      analyticsClient.getDistributions(
        { ...instantsOf(range), serverId, filter },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    refetchInterval: range.kind === "fixed" ? false : ANALYTICS_POLL_MS,
    placeholderData: (before, query) =>
      query?.queryKey[1] === serverId.toString() ? before : undefined,
  });
}

export function allanQuery(question: {
  readonly range: HistoryRange;
  readonly serverId: bigint;
}): Query<analyticsV1.GetAllanDeviationResponse> {
  const { range, serverId } = question;
  return queryOptions({
    queryKey: ["Allan deviation", serverId.toString(), keyOf(range)] as readonly string[],
    queryFn: ({ signal }) =>
      analyticsClient.getAllanDeviation(
        { ...instantsOf(range), serverId },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    refetchInterval: range.kind === "fixed" ? false : ANALYTICS_POLL_MS,
    placeholderData: (before, query) =>
      query?.queryKey[1] === serverId.toString() ? before : undefined,
  });
}

export function moversQuery(question: {
  readonly range: HistoryRange;
  readonly measure: analyticsV1.Measure;
  readonly filter: string;
}): Query<analyticsV1.GetMoversResponse> {
  const { range, measure, filter } = question;
  return queryOptions({
    queryKey: ["movers", keyOf(range), measure.toString(), filter] as readonly string[],
    queryFn: ({ signal }) =>
      analyticsClient.getMovers(
        { ...instantsOf(range), measure, filter },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    refetchInterval: range.kind === "fixed" ? false : ANALYTICS_POLL_MS,
    placeholderData: keepPreviousData,
  });
}

export function ruleSetsQuery(): Query<rulesV1.ListRuleSetsResponse> {
  return queryOptions({
    queryKey: ["rule sets"] as readonly string[],
    queryFn: ({ signal }) => rulesClient.listRuleSets({}, { signal }),
    refetchInterval: PEOPLE_POLL_MS,
  });
}

/** The rules that are tried, and the range: both stay as they were when the trial began. */
export interface TrialQuestion {
  readonly documentJson: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function replayQuery(
  serverId: bigint,
  { documentJson, fromMs, toMs }: TrialQuestion,
): Query<rulesV1.ReplayServerResponse> {
  return queryOptions({
    queryKey: [
      "replay",
      serverId.toString(),
      String(fromMs),
      String(toMs),
      documentJson,
    ] as readonly string[],
    queryFn: ({ signal }) =>
      rulesClient.replayServer(
        { serverId, documentJson, from: timestampOf(fromMs), to: timestampOf(toMs) },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function familiesQuery(question: {
  readonly range: HistoryRange;
  readonly filter: string;
}): Query<analyticsV1.GetFamiliesResponse> {
  const { range, filter } = question;
  return queryOptions({
    queryKey: ["families", keyOf(range), filter] as readonly string[],
    queryFn: ({ signal }) =>
      analyticsClient.getFamilies(
        { ...instantsOf(range), filter },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    refetchInterval: range.kind === "fixed" ? false : ANALYTICS_POLL_MS,
    placeholderData: keepPreviousData,
  });
}

export interface CompareQuestion {
  readonly range: HistoryRange;
  /** One of the two has some. */
  readonly serverIds: readonly bigint[];
  readonly monitorIds: readonly bigint[];
  /** Of checks; one that can be read. */
  readonly filter: string;
}

export function compareQuery(question: CompareQuestion): Query<analyticsV1.CompareSeriesResponse> {
  const { range, serverIds, monitorIds, filter } = question;
  const ids = `${serverIds.join(",")} by ${monitorIds.join(",")}`;
  return queryOptions({
    queryKey: ["compare", keyOf(range), ids, filter] as readonly string[],
    queryFn: ({ signal }) =>
      analyticsClient.compareSeries(
        {
          ...instantsOf(range),
          serverIds: [...serverIds],
          monitorIds: [...monitorIds],
          filter,
          bucketsMax: BUCKETS_MAX,
        },
        { signal, timeoutMs: LONG_CALL_TIMEOUT_MS },
      ),
    enabled: serverIds.length + monitorIds.length > 0,
    refetchInterval: range.kind === "fixed" ? false : ANALYTICS_POLL_MS,
    placeholderData: keepPreviousData,
  });
}

function keyOf(range: HistoryRange): string {
  return range.kind === "last"
    ? `last ${range.spanMs}`
    : `${Math.round(range.fromMs)}-${Math.round(range.toMs)}`;
}

/** A range that moves ends now. */
function instantsOf(range: HistoryRange): WireRange {
  const nowMs = Date.now() + clockSkewStore.get();
  const fromMs = range.kind === "last" ? nowMs - range.spanMs : range.fromMs;
  const toMs = range.kind === "last" ? nowMs : range.toMs;
  return { from: timestampOf(fromMs), to: timestampOf(toMs) };
}

interface WireRange {
  readonly from: ReturnType<typeof timestampOf>;
  readonly to: ReturnType<typeof timestampOf>;
}

export interface ChecksQuestion {
  readonly serverId: bigint;
  readonly monitorId: bigint;
  readonly onlyBad: boolean;
  /** One that can be read. */
  readonly filter: string;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly pageToken: string;
}

export function checksQuery(question: ChecksQuestion): Query<adminV1.ListChecksResponse> {
  const { serverId, monitorId, onlyBad, filter, fromMs, toMs, pageToken } = question;
  const key = [serverId, monitorId, onlyBad, filter, fromMs ?? "", toMs ?? "", pageToken].join(" ");
  return queryOptions({
    queryKey: ["checks", serverId.toString(), key] as readonly string[],
    queryFn: ({ signal }) =>
      adminClient.listChecks(
        {
          serverId,
          monitorId,
          onlyBad,
          filter,
          pageToken,
          pageSize: 25,
          ...(fromMs === undefined ? {} : { from: timestampOf(fromMs) }),
          ...(toMs === undefined ? {} : { to: timestampOf(toMs) }),
        },
        { signal },
      ),
    refetchInterval: pageToken === "" && toMs === undefined ? 2 * POLL_MS : false,
    placeholderData: (before, query) =>
      query?.queryKey[1] === serverId.toString() ? before : undefined,
  });
}

export function checkQuery(id: bigint): Query<adminV1.GetCheckResponse> {
  return queryOptions({
    queryKey: ["check", id.toString()] as readonly string[],
    queryFn: ({ signal }) => adminClient.getCheck({ id }, { signal }),
    // A check never changes; only "next" may appear.
    staleTime: 10_000,
    placeholderData: keepPreviousData,
  });
}

/** `monitorId` 0: the overall score. */
export function explainScoreQuery(question: {
  readonly serverId: bigint;
  readonly monitorId: bigint;
}): Query<adminV1.ExplainScoreResponse> {
  const { serverId, monitorId } = question;
  return queryOptions({
    queryKey: ["score", serverId.toString(), monitorId.toString()] as readonly string[],
    queryFn: ({ signal }) =>
      adminClient.explainScore({ serverId, monitorId, stepsMax: 60 }, { signal }),
    refetchInterval: 2 * POLL_MS,
    placeholderData: (before, query) =>
      query?.queryKey[1] === serverId.toString() && query.queryKey[2] === monitorId.toString()
        ? before
        : undefined,
  });
}

function noteClockSkew(serverMs: number | undefined, sentAtMs: number, receivedAtMs: number): void {
  if (serverMs === undefined) return;
  const before = clockSkewStore.get();
  const skew = clockSkewMs({ serverMs, sentAtMs, receivedAtMs, before });
  if (skew !== before) clockSkewStore.set(skew);
}
