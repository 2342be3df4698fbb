// A small honest implementation of the admin API over a pretended lab. It keeps what people do to servers, refuses what
// the real one refuses, and fails on request.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { adminV1, type analyticsV1, type rulesV1 } from "@truechimer/api";
import { monitorReaders, serverReaders } from "@truechimer/filter";
import { appError } from "./app-error.ts";
import { exchangeFor } from "./evidence.ts";
import { explainScore } from "./explain-score.ts";
import { createFakeAgents, type FakeAgents } from "./fake-agents.ts";
import { createFakeAnalytics } from "./fake-analytics.ts";
import { fakeCheckNow, keptPath } from "./fake-check-now.ts";
import { faultsOf, withFault } from "./fake-faults.ts";
import { checkReaders, passesFilter } from "./fake-filter.ts";
import { fakeResults } from "./fake-results.ts";
import { createFakeRules } from "./fake-rules.ts";
import { fakeCoverage, fakeReview, type ReviewedServer } from "./fake-selection.ts";
import { fakeWatch } from "./fake-watch.ts";
import { historyOf } from "./history.ts";
import {
  type FakeMonitor,
  fakeMonitors,
  fakeServers,
  HORIZON_AGE_MS,
  INTERVAL_MS,
  ipv6Twins,
} from "./lab-facts.ts";
import { checkIndexAt, observe, partsOfId, scoreAfter } from "./observations.ts";
import { type WatchedServer, wireAssignment, wireCheck, wireServer, witnessesOf } from "./wire.ts";

const { ServerState, Verdict } = adminV1;
const OFFSET_LIMIT = durationFromMs(25);

/** A failure that the next calls of a method get. */
export interface InjectedFault {
  readonly code: Code;
  readonly appCode: string;
  readonly message: string;
  /** How many calls; absent: until it is taken away. */
  readonly times?: number;
}

export interface FakeAdminOptions {
  readonly nowMs: () => number;
  readonly servers?: number;
  /** No servers and no monitors at all. */
  readonly empty?: boolean;
  /** Some of the lab's names are watched over IPv6, too. */
  readonly dualStack?: boolean;
}

export interface FakeAdmin {
  readonly service: ServiceImpl<typeof adminV1.AdminService>;
  readonly analytics: ServiceImpl<typeof analyticsV1.AnalyticsService>;
  readonly rules: ServiceImpl<typeof rulesV1.RulesService>;
  /** By method name, "listServers"; undefined takes it away. */
  readonly fail: (method: string, fault: InjectedFault | undefined) => void;
  /** Tells of something that came to pass by itself, in one sentence. */
  readonly happen: (text: string) => void;
  /** What the system tells of itself, beside what it always does. */
  readonly tellSystem: (parts: MessageInitShape<typeof adminV1.GetSystemResponseSchema>) => void;
  /** What an agent on that host does with a one-time token. */
  readonly useToken: (id: string, hostname: string) => void;
  /** Newest first. */
  readonly enrolmentTokens: () => readonly adminV1.EnrolmentToken[];
  /** Only these calls need none. */
  sessionNeeded: boolean;
  /** Streams stay open and say nothing. */
  streamsSilent: boolean;
  /** So many checks a second come beside those that do. */
  flood: number;
}

export function createFakeAdmin(options: FakeAdminOptions): FakeAdmin {
  const { nowMs } = options;
  const startedAtMs = nowMs();
  const monitors: FakeMonitor[] = options.empty === true ? [] : [...fakeMonitors()];
  const servers = new Map<bigint, WatchedServer>();
  let systemParts: MessageInitShape<typeof adminV1.GetSystemResponseSchema> = {
    dashboardCertificate: {
      source: "acme",
      names: ["clocks.example.net"],
      issuer: "R11",
      notAfter: timestampFromMs(nowMs() + 21 * 86_400_000),
      renewAt: timestampFromMs(nowMs() - 9 * 86_400_000),
      failedAt: timestampFromMs(nowMs() - 600_000),
      nextAttemptAt: timestampFromMs(nowMs() + 1_200_000),
      lastError:
        "certificate_refused: the ACME authority refuses the proof of clocks.example.net: Connection refused (connection); see that the authority reaches port 80 of the name, and that it leads to acme.http_port here",
    },
  };
  const faults = new Map<string, { fault: InjectedFault; left: number }>();
  const watched = [
    ...fakeServers(options.servers ?? 12),
    ...(options.dualStack === true ? ipv6Twins() : []),
  ];
  for (const facts of options.empty === true ? [] : watched) {
    servers.set(facts.id, {
      facts,
      state: ServerState.WATCHED,
      addedAtMs: startedAtMs - HORIZON_AGE_MS,
    });
  }
  const events: adminV1.Event[] = options.empty === true ? [] : pastEvents(nowMs());

  const tell = (server: WatchedServer, kind: string, text: string): void => {
    events.unshift(
      create(adminV1.EventSchema, {
        id: BigInt(events.length + 100),
        at: timestampFromMs(nowMs()),
        kind,
        serverId: server.facts.id,
        serverName: server.facts.name,
        text: `${server.facts.name} ${text}`,
      }),
    );
  };

  const agents: FakeAgents = createFakeAgents({
    nowMs,
    monitors,
    wireMonitors: () => wireMonitors(monitors, { servers: servers.size, nowMs: nowMs(), agents }),
    tell: (kind, monitorName, text) => {
      const id = BigInt(events.length + 100);
      events.unshift(
        create(adminV1.EventSchema, { id, at: timestampFromMs(nowMs()), kind, monitorName, text }),
      );
    },
  });
  const monitorsNow = (): adminV1.Monitor[] =>
    wireMonitors(monitors, { servers: servers.size, nowMs: nowMs(), agents });

  const serverOf = (id: bigint): WatchedServer => {
    const server = servers.get(id);
    if (server === undefined)
      throw appError(Code.NotFound, "not_found", `there is no server ${id}`);
    return server;
  };
  const wire = (server: WatchedServer): adminV1.Server => wireServer(server, monitors, nowMs());
  const change = (
    ids: readonly bigint[],
    state: adminV1.ServerState,
    kind: string,
    text: string,
  ): { servers: adminV1.Server[] } => {
    const changed = ids.map(serverOf);
    for (const server of changed) {
      server.state = state;
      tell(server, kind, text);
    }
    return { servers: changed.map(wire) };
  };
  const listed = (removedToo: boolean): adminV1.Server[] =>
    [...servers.values()]
      .filter((server) => removedToo || server.state !== ServerState.REMOVED)
      .map(wire);

  const service: ServiceImpl<typeof adminV1.AdminService> = {
    getOverview: () => {
      const all = listed(false);
      const count = (verdict: adminV1.Verdict): number =>
        all.filter((one) => one.verdict === verdict).length;
      return {
        sentence: sentenceOf(all),
        truechimers: count(Verdict.TRUECHIMER),
        falsetickers: count(Verdict.FALSETICKER),
        unreachable: count(Verdict.UNREACHABLE),
        unsure: count(Verdict.UNSURE),
        servers: all,
        events: events.slice(0, 50),
        monitors: monitorsNow(),
        lab: options.empty !== true,
        offsetLimit: OFFSET_LIMIT,
        serverTime: timestampFromMs(nowMs()),
        empty: all.length === 0,
      };
    },
    listServers: ({ includeRemoved, filter }) => ({
      servers: listed(includeRemoved).filter(
        passesFilter(filter, { subject: "servers", nowMs: nowMs(), readers: serverReaders }),
      ),
    }),
    getServer: ({ id }) => {
      const server = serverOf(id);
      return {
        server: withFault(wire(server), monitors),
        assignments: witnessesOf(server, monitors, nowMs()).map((witness, position) =>
          wireAssignment(server, witness, position, nowMs()),
        ),
        events: events.filter((event) => event.serverId === id),
        faults: [...faultsOf(wire(server), monitors)],
        offsetLimit: OFFSET_LIMIT,
      };
    },
    addServers: ({ targets }) => {
      const answer: MessageInitShape<typeof adminV1.AddServersResponseSchema> & {
        added: adminV1.Server[];
        existing: adminV1.Server[];
        refused: adminV1.RefusedTarget[];
      } = { added: [], existing: [], refused: [] };
      for (const target of targets) {
        const known = [...servers.values()].find((server) => server.facts.name === target);
        if (known !== undefined) answer.existing.push(wire(known));
        else if (target.endsWith(".invalid"))
          answer.refused.push(refusal(target, "name_unresolved", `${target} has no address`));
        else if (!/^[\w.:[\]-]+$/.test(target))
          answer.refused.push(
            refusal(target, "bad_address", `"${target}" is neither a name nor an address`),
          );
        else answer.added.push(wire(addServer(target)));
      }
      return answer;
    },
    pauseServers: ({ ids }) => change(ids, ServerState.PAUSED, "server_paused", "was paused"),
    resumeServers: ({ ids }) =>
      change(ids, ServerState.WATCHED, "server_resumed", "is watched again"),
    removeServers: ({ ids }) => change(ids, ServerState.REMOVED, "server_removed", "was removed"),
    restoreServers: ({ ids }) => change(ids, ServerState.WATCHED, "server_restored", "is back"),
    listMonitors: ({ filter }) => ({
      monitors: monitorsNow().filter(
        passesFilter(filter, { subject: "monitors", nowMs: nowMs(), readers: monitorReaders }),
      ),
    }),
    listAgents: () => ({ agents: agents.list() }),
    getAgent: ({ id }) => {
      const agent = agents.one(id);
      const ids = agent.monitors.map((monitor) => monitor.id);
      return {
        agent,
        assignments: [...servers.values()]
          .filter(({ state }) => state === ServerState.WATCHED)
          .flatMap((server) => agentAssignments(server, ids)),
        certificates: agents.certificates(id),
        events: events.filter(({ monitorName }) => monitorName === agent.name),
      };
    },
    setMonitorStatus: ({ ids, status }) => ({ monitors: agents.setStatus(ids, status) }),
    updateAgent: (request) => ({ agent: agents.update(request) }),
    removeAgent: ({ id }) => {
      agents.remove(id);
      return {};
    },
    listRegistrations: ({ includeDecided }) => ({
      registrations: agents.registrations(includeDecided),
    }),
    approveRegistration: (request) => ({ registration: agents.approve(request) }),
    rejectRegistration: ({ id, reason }) => ({ registration: agents.reject(id, reason) }),
    createEnrolmentToken: (request) => agents.createToken(request),
    listEnrolmentTokens: () => ({ tokens: agents.tokens() }),
    revokeEnrolmentToken: ({ id }) => ({ token: agents.revokeToken(id) }),
    watchResults: (request, { signal }: HandlerContext) =>
      fakeWatch({
        servers: () => [...servers.values()],
        monitors,
        wireMonitors: monitorsNow,
        request,
        nowMs,
        signal,
        isSilent: () => admin.streamsSilent,
        flood: () => admin.flood,
      }),
    listResults: (request) =>
      fakeResults({
        servers: [...servers.values()],
        monitors,
        wireMonitors: monitorsNow(),
        request,
        nowMs: nowMs(),
      }),
    checkNow: (request, { signal }: HandlerContext) =>
      fakeCheckNow({
        server: serverOf(request.serverId),
        monitors,
        wireMonitors: monitorsNow(),
        request,
        nowMs,
        signal,
      }),
    getServerHistory: ({ serverId, from, to, pointsMax }) => {
      const toMs = to === undefined ? nowMs() : timestampMs(to);
      const fromMs = from === undefined ? toMs - 86_400_000 : timestampMs(from);
      const answer = historyOf(serverOf(serverId), monitors, {
        fromMs,
        toMs,
        pointsMax: pointsMax === 0 ? 2_000 : pointsMax,
        nowMs: nowMs(),
      });
      answer.events = events.filter((event) => event.serverId === serverId);
      return answer;
    },
    listChecks: ({ serverId, monitorId, from, to, pageSize, pageToken, onlyBad, filter }) => {
      const server = serverOf(serverId);
      const wiredServer = wire(server);
      const wiredMonitors = new Map(monitorsNow().map((monitor) => [monitor.id, monitor]));
      const passes = passesFilter(filter, {
        subject: "checks",
        nowMs: nowMs(),
        readers: checkReaders,
      });
      const newest =
        pageToken === "" ? (to === undefined ? nowMs() : timestampMs(to)) : Number(pageToken);
      const oldest = from === undefined ? nowMs() - HORIZON_AGE_MS : timestampMs(from);
      const size = pageSize === 0 ? 50 : pageSize;
      // What a filter leaves out costs as much as what it lets through.
      const backMax = filter === "" ? 2_500 : 200;
      const checks: { atMs: number; check: adminV1.Check }[] = [];
      for (const monitor of monitors.filter((one) => monitorId === 0n || one.id === monitorId)) {
        for (let back = 0, kept = 0; kept < size && back < backMax; back += 1) {
          const index = checkIndexAt(server.facts, monitor, newest) - back;
          const seen = observe(server.facts, monitor, index, nowMs());
          if (
            seen === undefined ||
            seen.atMs >= newest ||
            seen.atMs < oldest ||
            seen.atMs < server.addedAtMs
          )
            continue;
          if (onlyBad && seen.step >= 1) continue;
          const score = scoreAfter(server.facts, monitor, index, nowMs());
          const check = wireCheck(server, monitor, seen, score);
          const wired = wiredMonitors.get(monitor.id);
          if (wired === undefined || !passes({ check, server: wiredServer, monitor: wired }))
            continue;
          kept += 1;
          checks.push({ atMs: seen.atMs, check });
        }
      }
      const page = checks.toSorted((one, other) => other.atMs - one.atMs).slice(0, size);
      const more = checks.length > size;
      return {
        checks: page.map(({ check }) => check),
        nextPageToken: more ? String(Math.floor(page.at(-1)?.atMs ?? 0)) : "",
      };
    },
    getCheck: ({ id }) => {
      const { serverId, monitorId, index } = partsOfId(id);
      const server = servers.get(serverId);
      const monitor = monitors.find((one) => one.id === monitorId);
      const seen =
        server === undefined || monitor === undefined
          ? undefined
          : observe(server.facts, monitor, index, nowMs());
      if (
        server === undefined ||
        monitor === undefined ||
        seen === undefined ||
        seen.atMs > nowMs()
      ) {
        throw appError(Code.NotFound, "not_found", `there is no check ${id}`);
      }
      const before = scoreAfter(server.facts, monitor, index - 1, nowMs());
      const after = scoreAfter(server.facts, monitor, index, nowMs());
      const next = observe(server.facts, monitor, index + 1, nowMs());
      const single = seen.reason !== "" && seen.reason !== "timeout";
      return {
        check: wireCheck(server, monitor, seen, after),
        server: wire(server),
        exchanges: (single ? [1] : [0, 1, 2]).map((sample) =>
          exchangeFor(server.facts, monitor, seen, sample),
        ),
        selectedIndex: single ? 0 : 1,
        arithmetic: {
          scoreBefore: before,
          decay: 0.95,
          step: seen.step,
          ...(seen.cap === undefined ? {} : { cap: seen.cap }),
          scoreAfter: after,
          rule: seen.stepRule,
          ruleText: RULE_TEXTS[seen.stepRule] ?? "",
          ruleSet: "ntp_pool_recentmedian/1",
        },
        ...(observe(server.facts, monitor, index - 1, nowMs()) === undefined
          ? {}
          : { previousId: id - 1n }),
        ...(next === undefined || next.atMs > nowMs() ? {} : { nextId: id + 1n }),
      };
    },
    explainScore: ({ serverId, monitorId, stepsMax }) =>
      explainScore(serverOf(serverId), monitors, { nowMs: nowMs(), monitorId, stepsMax }),
    listEvents: ({ serverId }) => ({
      events: events.filter((event) => serverId === 0n || event.serverId === serverId),
      nextPageToken: "",
    }),
    getSystem: () => ({
      version: "0.1.0",
      startedAt: timestampFromMs(startedAtMs - 3 * 3_600_000),
      databaseVersion: "PostgreSQL 18.1",
      schemaVersion: "0003",
      loops: fakeLoops(nowMs()),
      lab: options.empty !== true,
      resultsTotal: 1_204_331n,
      scorerQueueRows: 12n,
      scorerLag: durationFromMs(400),
      scorers: [
        { name: "every", active: false },
        { name: "recentmedian", active: true, resultsWaiting: 12n, lag: durationFromMs(400) },
      ],
      scorerShards: Array.from({ length: 16 }, (_, shard) => ({
        shard,
        replicaId: shard < 12 ? "01K0SCORER" : "",
        resultsWaiting: shard === 13 ? 12n : 0n,
        lag: durationFromMs(shard === 13 ? 400 : 0),
      })),
      serversSetAside: 1,
      archives: [
        {
          kind: "clickhouse",
          target: "https://clickhouse.example.net:8443/truechimer",
          resultsWaiting: 8_120n,
          traceroutesWaiting: 3n,
          eventsWaiting: 0n,
          lag: durationFromMs(754_000),
          olderFrom: timestampFromMs(startedAtMs - 9 * 86_400_000),
          olderTo: timestampFromMs(startedAtMs - 2 * 86_400_000),
          resultsSent: 1_196_211n,
          traceroutesSent: 912n,
          sentAt: timestampFromMs(startedAtMs - 600_000),
          failingSince: timestampFromMs(startedAtMs - 580_000),
          lastError:
            "peer_unreachable: ClickHouse at https://clickhouse.example.net:8443/truechimer does not answer",
        },
      ],
      retention: durationFromMs(90 * 86_400_000),
      ...systemParts,
    }),
    runLoop: ({ name }) => {
      const loop = fakeLoops(nowMs()).find((each) => each.name === name);
      if (loop === undefined) throw appError(Code.NotFound, "not_found", "there is no such loop");
      return { loop, alreadyRunning: name === "retention" };
    },
    setServerTracing: ({ ids, traced }) => ({
      servers: ids.map((id) => {
        const server = serverOf(id);
        server.traced = traced;
        return wire(server);
      }),
    }),
    listTraceroutes: ({ serverId }) => {
      const server = serverOf(serverId);
      const paths = server.traced === true ? monitors : [];
      return {
        traceroutes: paths.map((monitor) => keptPath({ server, nowMs }, monitor)),
        nextPageToken: "",
      };
    },
    listRateLimits: () => ({
      rateLimits: [
        {
          name: "admin_calls",
          each: "API key or session",
          counts: adminV1.RateLimitUnit.REQUESTS,
          max: 30_000n,
          window: durationFromMs(600_000),
          scope: adminV1.RateLimitScope.CLUSTER,
          reason: "ten open dashboards; not a program in a loop",
          passedLastHour: 4_210n,
        },
        {
          name: "login_failures",
          each: "address (IPv6: its /64)",
          counts: adminV1.RateLimitUnit.FAILURES,
          max: 100n,
          window: durationFromMs(600_000),
          scope: adminV1.RateLimitScope.CLUSTER,
          reason: "each guess is looked up",
          passedLastHour: 100n,
          refusedLastHour: 12n,
        },
        {
          name: "open_requests",
          each: "listener and service",
          counts: adminV1.RateLimitUnit.AT_ONCE,
          max: 32n,
          scope: adminV1.RateLimitScope.PROCESS,
          reason: "what needs no key is the cheapest to flood",
        },
      ],
    }),
    createMonitor: () => {
      throw appError(
        Code.PermissionDenied,
        "forbidden",
        "a browser's session may not make monitors",
      );
    },
    // No page asks for these yet.
    simulateReview: ({ serverId, policyJson }) =>
      fakeReview(reviewed(serverOf(serverId)), policyJson),
    explainAssignment: ({ serverId, monitorId }) => {
      const { serverName, explanations } = fakeReview(reviewed(serverOf(serverId)), "");
      return {
        serverName,
        explanation: explanations?.find((each) => each.monitorId === monitorId),
      };
    },
    getCoverage: () =>
      fakeCoverage(
        [...servers.values()].filter(({ state }) => state === ServerState.WATCHED).map(reviewed),
        nowMs(),
      ),
    createLogin: () => ({ url: "http://127.0.0.1/?key=fake-key-fake" }),
  };

  function reviewed(server: WatchedServer): ReviewedServer {
    const { id, name } = server.facts;
    const assignments = witnessesOf(server, monitors, nowMs()).map((witness, position) =>
      wireAssignment(server, witness, position, nowMs()),
    );
    return { id, name, assignments };
  }

  /** What these monitors find of a server, beside the median of what the others find. */
  function agentAssignments(
    server: WatchedServer,
    ids: readonly bigint[],
  ): MessageInitShape<typeof adminV1.AgentAssignmentSchema>[] {
    const witnesses = witnessesOf(server, monitors, nowMs());
    const { verdict } = wire(server);
    return witnesses.flatMap((witness, position) => {
      if (!ids.includes(witness.monitor.id)) return [];
      const assignment = wireAssignment(server, witness, position, nowMs());
      const others = witnesses
        .filter((one) => !ids.includes(one.monitor.id) && one.fresh && one.seen?.reason === "")
        .map((one) => one.seen?.offsetNs ?? 0)
        .toSorted((one, other) => one - other);
      const median = others[(others.length - 1) >> 1];
      const own = assignment.reason === "" ? assignment.offset?.valueNs : undefined;
      return [
        {
          serverId: server.facts.id,
          serverName: server.facts.name,
          verdict,
          assignment,
          ...(median === undefined || own === undefined
            ? {}
            : { offsetFromOthersNs: own - BigInt(median) }),
        },
      ];
    });
  }

  function addServer(target: string): WatchedServer {
    const id = BigInt(servers.size + 1);
    const port = /:(\d+)$/.exec(target)?.[1];
    const added: WatchedServer = {
      facts: {
        id,
        name: target.replace(/:\d+$/, ""),
        address: `203.0.113.${id}`,
        port: Number(port ?? 123),
        offsetNs: () => 40_000,
        stratum: 2,
        referenceId: "192.0.2.1",
        leap: 0,
        loss: 0,
      },
      state: ServerState.WATCHED,
      addedAtMs: nowMs(),
    };
    servers.set(id, added);
    tell(added, "server_added", "was added");
    return added;
  }

  const admin: FakeAdmin = {
    service: {} as ServiceImpl<typeof adminV1.AdminService>,
    analytics: {} as ServiceImpl<typeof analyticsV1.AnalyticsService>,
    rules: {} as ServiceImpl<typeof rulesV1.RulesService>,
    sessionNeeded: false,
    streamsSilent: false,
    flood: 0,
    useToken: (id, hostname) => agents.useToken(id, hostname),
    enrolmentTokens: () => agents.tokens(),
    happen: (text) => {
      const id = BigInt(events.length + 100);
      const at = timestampFromMs(nowMs());
      events.unshift(create(adminV1.EventSchema, { id, at, kind: "server_paused", text }));
    },
    tellSystem: (parts) => {
      systemParts = parts;
    },
    fail: (method, fault) => {
      if (fault === undefined) faults.delete(method);
      else faults.set(method, { fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
  };
  const analytics = createFakeAnalytics({
    servers: () => [...servers.values()].filter(({ state }) => state !== ServerState.REMOVED),
    monitors,
    wireMonitors: monitorsNow,
    nowMs,
  });
  const rules = createFakeRules({
    servers: () =>
      [...servers].flatMap(([id, { facts, state }]) =>
        state === ServerState.REMOVED ? [] : [{ id, name: facts.name }],
      ),
    nowMs,
  });
  const methods = [
    ...Object.entries(service).map(([name, method]) => ({ into: admin.service, name, method })),
    ...Object.entries(analytics).map(([name, method]) => ({ into: admin.analytics, name, method })),
    ...Object.entries(rules).map(([name, method]) => ({ into: admin.rules, name, method })),
  ];
  for (const { into, name, method } of methods) {
    const guarded = (...args: unknown[]): unknown => {
      if (admin.sessionNeeded)
        throw appError(Code.Unauthenticated, "unauthenticated", "this call needs a session");
      const injected = faults.get(name);
      if (injected !== undefined && injected.left > 0) {
        injected.left -= 1;
        throw appError(injected.fault.code, injected.fault.appCode, injected.fault.message);
      }
      return (method as (...given: unknown[]) => unknown)(...args);
    };
    Object.assign(into, { [name]: guarded });
  }
  return admin;
}

function refusal(target: string, code: string, message: string): adminV1.RefusedTarget {
  return create(adminV1.RefusedTargetSchema, { target, code, message });
}

const RULE_TEXTS: Readonly<Record<string, string>> = {
  no_response: "no answer",
  kiss_rate: "the server asked us to slow down",
  bad_answer: "an answer that says that it is not to be trusted",
  offset_above_3s: "offset above 3 s",
  offset_above_750ms: "offset above 750 ms",
  offset_above_100ms: "offset between 100 and 750 ms",
  offset_above_25ms: "offset between 25 and 100 ms",
  offset_within_25ms: "offset within 25 ms",
};

function sentenceOf(servers: readonly adminV1.Server[]): string {
  const liars = servers.filter((one) => one.verdict === Verdict.FALSETICKER);
  const trueOnes = servers.filter((one) => one.verdict === Verdict.TRUECHIMER);
  const span =
    Math.max(0, ...trueOnes.map((one) => Math.abs(Number(one.offset?.valueNs ?? 0n)))) / 1e6;
  const agree = `${trueOnes.length} of ${servers.length} servers agree within ${span.toFixed(1)} ms`;
  if (liars.length === 0) return `${agree}; none of them lies.`;
  const worst = liars.toSorted(
    (one, other) => Math.abs(Number(other.offset?.valueNs)) - Math.abs(Number(one.offset?.valueNs)),
  )[0];
  const seconds = Number(worst?.offset?.valueNs ?? 0n) / 1e9;
  const others = liars.length === 1 ? "" : ` and ${liars.length - 1} more are off`;
  return `${agree}; ${worst?.name} is ${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? "ahead" : "behind"}${others}.`;
}

function wireMonitors(
  monitors: readonly FakeMonitor[],
  more: { readonly servers: number; readonly nowMs: number; readonly agents: FakeAgents },
): adminV1.Monitor[] {
  const { servers, nowMs, agents } = more;
  return monitors.map((monitor) => {
    const away = monitor.away.some(({ toMs }) => toMs < 0);
    const seenAtMs = away
      ? nowMs - (monitor.away[0]?.fromMs ?? 0)
      : nowMs - 1_300 - Number(monitor.id) * 240;
    return create(adminV1.MonitorSchema, {
      id: monitor.id,
      name: monitor.name,
      address: monitor.address,
      family: adminV1.IpFamily.V4,
      status: agents.statusOf(monitor.id),
      online: !away,
      lastSeenAt: timestampFromMs(seenAtMs),
      lastSubmitAt: timestampFromMs(seenAtMs),
      clientVersion: "truechimer/0.1.0",
      location: monitor.location,
      ...agents.placeOf(monitor.id),
      serversActive: Math.min(servers, 7),
      serversTesting: Math.max(0, servers - 7),
      checksLastHour: away ? 288n : BigInt(servers * 60),
      checksWithoutAnswerLastHour: BigInt(
        Math.round((away ? 48 : servers * 10) * (1 + Number(monitor.id) / 60)),
      ),
      offsetFromFleetNs: BigInt(Math.round(monitor.skewNs)),
      offsetFromFleetBoundNs: BigInt(Math.round(monitor.delayNs / 2 + 60_000)),
      serversJudged: Math.min(servers, 7),
      serversAgreed: Math.min(servers, 7) - (monitor.name === "sydney" ? 1 : 0),
      createdAt: timestampFromMs(nowMs - HORIZON_AGE_MS),
    });
  });
}

/** Who saw it that the clock of a server ran away. */
function pastEvidence(): adminV1.ServerFault {
  const witness = (name: string, index: number): adminV1.FaultWitness =>
    create(adminV1.FaultWitnessSchema, {
      monitorId: BigInt(index + 1),
      monitorName: name,
      network: index < 2 ? "AS64500" : "AS64501",
      sees: index < 3,
      checkId: BigInt(index + 1),
    });
  return create(adminV1.ServerFaultSchema, {
    fault: adminV1.Fault.SERVER,
    cause: "clock_drift",
    text: "the server: its clock runs away, by +26 ms so far; 3 of 4 monitors see it, from 2 networks",
    reach: "server",
    reachFrom: "6",
    witnesses: ["zurich", "frankfurt", "oslo", "santiago"].map(witness),
  });
}

function pastEvents(nowMs: number): adminV1.Event[] {
  const event = (
    id: bigint,
    agoMs: number,
    serverId: bigint,
    serverName: string,
    before: adminV1.Verdict,
    after: adminV1.Verdict,
    text: string,
  ): adminV1.Event =>
    create(adminV1.EventSchema, {
      id,
      at: timestampFromMs(nowMs - agoMs),
      kind: "verdict_changed",
      serverId,
      serverName,
      verdictBefore: before,
      verdictAfter: after,
      text: `${serverName} ${text}`,
      ruleSet: "ntp_pool_recentmedian/1",
    });
  const { TRUECHIMER, FALSETICKER, UNREACHABLE, UNSURE } = Verdict;
  return [
    create(adminV1.EventSchema, {
      id: 9n,
      at: timestampFromMs(nowMs - 1_440_000),
      kind: "monitor_offline",
      monitorId: 9n,
      monitorName: "santiago",
      text: "santiago went offline: nothing heard for 2 min",
    }),
    create(adminV1.EventSchema, {
      id: 10n,
      at: timestampFromMs(nowMs - 4_200_000),
      kind: "fault_changed",
      serverId: 6n,
      serverName: "drift.lab",
      faultAfter: adminV1.Fault.SERVER,
      reason: "clock_drift",
      text: "drift.lab: the server: its clock runs away, by +26 ms so far; 3 of 4 monitors see it, from 2 networks",
      evidence: [pastEvidence()],
    }),
    event(
      8n,
      4_300_000,
      6n,
      "drift.lab",
      TRUECHIMER,
      FALSETICKER,
      "became a falseticker: 8 of 11 monitors hold it to be outside ±25 ms",
    ),
    event(
      7n,
      16_000_000,
      6n,
      "drift.lab",
      FALSETICKER,
      TRUECHIMER,
      "is a truechimer again: its clock was set",
    ),
    event(
      6n,
      30_000_000,
      11n,
      "leap3.lab",
      UNSURE,
      UNSURE,
      "is unsure: it says that its clock is not synchronised",
    ),
    event(
      5n,
      51_000_000,
      8n,
      "silent.lab",
      TRUECHIMER,
      UNREACHABLE,
      "became unreachable: no answer in three intervals",
    ),
    event(
      4n,
      70_000_000,
      5n,
      "ahead2s.lab",
      UNSURE,
      FALSETICKER,
      "became a falseticker: it is 2.0 s ahead",
    ),
    event(
      3n,
      71_000_000,
      4n,
      "fast40.lab",
      UNSURE,
      FALSETICKER,
      "became a falseticker: it is 40 ms ahead",
    ),
  ];
}

function fakeLoops(nowMs: number): MessageInitShape<typeof adminV1.LoopSchema>[] {
  const loop = (
    name: string,
    everyMs: number,
    tookMs: number,
    outcome = "ok",
  ): MessageInitShape<typeof adminV1.LoopSchema> => {
    const last = nowMs - (nowMs % everyMs);
    return {
      name,
      period: durationFromMs(everyMs),
      lastRunAt: timestampFromMs(last),
      lastTook: durationFromMs(tookMs),
      lastOutcome: outcome,
      nextRunAt: timestampFromMs(last + everyMs),
    };
  };
  return [
    loop("score", 1_000, 4),
    loop("verdicts", 2_000, 11),
    loop("assignments", 10_000, 7),
    loop("monitors online", 5_000, 3),
    loop("partitions", 3_600_000, 48),
    loop("retention", 3_600_000, 130, "database_busy"),
    loop("check interval", INTERVAL_MS, 2),
  ];
}
