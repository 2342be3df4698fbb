// The clients of the control plane's API. Everything that the dashboard shows goes through them.

import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { reportAnswer, reportSilence } from "./connection.ts";
import { wasAnswered } from "./problem.ts";

/** Shorter than the five seconds within which a lost connection is told. */
const CALL_TIMEOUT_MS = 4_000;
/** Calls that change something, or read a long history, may take longer. */
export const LONG_CALL_TIMEOUT_MS = 30_000;

const watchConnection: Interceptor = (next) => async (request) => {
  try {
    const answer = await next(request);
    reportAnswer(Date.now());
    return answer;
  } catch (error) {
    // A call that the page itself gave up says nothing about the server.
    if (!request.signal.aborted || isTimeout(request.signal)) {
      if (wasAnswered(error)) reportAnswer(Date.now());
      else reportSilence(Date.now());
    }
    throw error;
  }
};

function isTimeout(signal: AbortSignal): boolean {
  const reason: unknown = signal.reason;
  return reason instanceof Error && /deadline|timeout/i.test(`${reason.name} ${reason.message}`);
}

const transport: Transport = createConnectTransport({
  baseUrl: globalThis.location?.origin ?? "http://localhost",
  defaultTimeoutMs: CALL_TIMEOUT_MS,
  interceptors: [watchConnection],
});

export const adminClient: Client<typeof adminV1.AdminService> = createClient(
  adminV1.AdminService,
  transport,
);

export const analyticsClient: Client<typeof analyticsV1.AnalyticsService> = createClient(
  analyticsV1.AnalyticsService,
  transport,
);

/** Incidents, rules and channels. */
export const alertClient: Client<typeof alertsV1.AlertService> = createClient(
  alertsV1.AlertService,
  transport,
);

/** Users, sessions, keys, accounts and the audit trail. */
export const peopleClient: Client<typeof peopleV1.PeopleService> = createClient(
  peopleV1.PeopleService,
  transport,
);

/** The rules that servers are judged by, and what would be under others. */
export const rulesClient: Client<typeof rulesV1.RulesService> = createClient(
  rulesV1.RulesService,
  transport,
);

/** For whoever has no session yet. */
export const signInClient: Client<typeof signInV1.SignInService> = createClient(
  signInV1.SignInService,
  transport,
);
