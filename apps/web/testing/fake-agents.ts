// The fake's agents, registrations and enrolment tokens: what people decide is kept, what may not be is refused, and an
// agent that was let in appears after a moment, as a real one does.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";
import type { FakeMonitor } from "./lab-facts.ts";

const { MonitorStatus, RegistrationStatus } = adminV1;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** An agent that was approved asks again within this. */
const FETCHES_AFTER_MS = 1_500;
const TOKEN_LIFETIME_MAX_MS = 30 * DAY_MS;
const CERTIFICATE_LIFE_MS = 30 * DAY_MS;
const DOMAIN = "prod.mon.truechimer.internal";

interface FakeAgent {
  readonly id: string;
  readonly name: string;
  readonly tlsName: string;
  readonly transport: string;
  readonly country: string;
  readonly network: string;
  readonly location: string;
  readonly enrolledAtMs: number;
  readonly lab: boolean;
  /** Age of the certificate in use; absent: it has none. */
  readonly certificateAgeMs?: number;
  readonly monitorIds: readonly bigint[];
}

/** A monitor that an agent has beyond those that witness for the lab's servers. */
interface ExtraMonitor {
  readonly id: bigint;
  readonly address: string;
  readonly family: adminV1.IpFamily;
}

export interface FakeAgentsOptions {
  readonly nowMs: () => number;
  /** Lives: what is removed leaves it. */
  readonly monitors: FakeMonitor[];
  /** Monitors of the wire, as the fake tells of them elsewhere. */
  readonly wireMonitors: () => adminV1.Monitor[];
  readonly tell: (kind: string, name: string, text: string) => void;
}

export interface FakeAgents {
  readonly list: () => adminV1.Agent[];
  readonly one: (id: string) => adminV1.Agent;
  /** Where the agent of a monitor stands. */
  readonly placeOf: (monitorId: bigint) => { readonly country: string; readonly network: string };
  readonly certificates: (id: string) => adminV1.AgentCertificate[];
  readonly statusOf: (monitorId: bigint) => adminV1.MonitorStatus;
  readonly setStatus: (ids: readonly bigint[], status: adminV1.MonitorStatus) => adminV1.Monitor[];
  readonly update: (request: adminV1.UpdateAgentRequest) => adminV1.Agent;
  readonly remove: (id: string) => void;
  readonly registrations: (decidedToo: boolean) => adminV1.Registration[];
  readonly approve: (request: adminV1.ApproveRegistrationRequest) => adminV1.Registration;
  readonly reject: (id: string, reason: string) => adminV1.Registration;
  readonly createToken: (request: adminV1.CreateEnrolmentTokenRequest) => {
    token: adminV1.EnrolmentToken;
    secret: string;
    command: string;
  };
  readonly tokens: () => adminV1.EnrolmentToken[];
  readonly revokeToken: (id: string) => adminV1.EnrolmentToken;
  /** What an agent does with a token; it is named for its host. */
  readonly useToken: (id: string, hostname: string) => void;
}

/** The agents that are no part of the lab, by the monitor that they are known for. */
const OWN: Readonly<
  Record<
    string,
    Omit<FakeAgent, "id" | "name" | "location" | "enrolledAtMs" | "lab" | "monitorIds">
  >
> = {
  amsterdam: {
    tlsName: `ams-edge-4kq7x2m.${DOMAIN}`,
    transport: "stream",
    country: "NL",
    network: "AS64500 Example Transit",
    certificateAgeMs: 6 * DAY_MS,
  },
  frankfurt: {
    tlsName: `fra-core-p2h6zra.${DOMAIN}`,
    transport: "mqtt",
    country: "DE",
    network: "AS64501 Example Hosting",
    certificateAgeMs: 27.5 * DAY_MS,
  },
  santiago: {
    tlsName: `scl-1-7w3gjtd.${DOMAIN}`,
    transport: "stream",
    country: "CL",
    network: "AS64502 Example Norte",
    certificateAgeMs: 12 * DAY_MS,
  },
  tokyo: {
    tlsName: `tyo-b-m5c2qke.${DOMAIN}`,
    transport: "stream",
    country: "JP",
    network: "AS64503 Example East",
    certificateAgeMs: 21 * DAY_MS,
  },
};

export function createFakeAgents(options: FakeAgentsOptions): FakeAgents {
  const { nowMs, monitors } = options;
  const startedAtMs = nowMs();
  const statuses = new Map<bigint, adminV1.MonitorStatus>();
  const extras = new Map<bigint, ExtraMonitor>();
  const agents = new Map<string, FakeAgent>();
  const tokens = new Map<
    string,
    { token: adminV1.EnrolmentToken; request: adminV1.CreateEnrolmentTokenRequest }
  >();
  const registrations = new Map<string, adminV1.Registration>();
  const approvals = new Map<
    string,
    { readonly atMs: number; readonly request: adminV1.ApproveRegistrationRequest }
  >();
  let count = 0;
  const newId = (): string => {
    count += 1;
    return `01K${String(count).padStart(23, "0")}`;
  };

  for (const monitor of monitors) {
    const own = OWN[monitor.name];
    const id = newId();
    agents.set(id, {
      id,
      name: monitor.name,
      tlsName: "",
      transport: "",
      country: "",
      network: "",
      ...own,
      location: monitor.location,
      enrolledAtMs: startedAtMs - 40 * DAY_MS,
      lab: own === undefined,
      monitorIds: [monitor.id],
    });
  }
  const amsterdam = [...agents.values()].find(({ name }) => name === "amsterdam");
  if (amsterdam !== undefined) {
    extras.set(101n, { id: 101n, address: "2001:db8:a5::7", family: adminV1.IpFamily.V6 });
    agents.set(amsterdam.id, { ...amsterdam, monitorIds: [...amsterdam.monitorIds, 101n] });
    statuses.set(101n, MonitorStatus.PAUSED);
    for (const registration of firstRegistrations(startedAtMs)) {
      registrations.set(registration.id, registration);
    }
  }
  const tokyo = monitors.find(({ name }) => name === "tokyo");
  if (tokyo !== undefined) statuses.set(tokyo.id, MonitorStatus.TESTING);

  const statusOf = (id: bigint): adminV1.MonitorStatus => statuses.get(id) ?? MonitorStatus.ACTIVE;

  const wireExtra = (extra: ExtraMonitor, agent: FakeAgent): adminV1.Monitor =>
    create(adminV1.MonitorSchema, {
      id: extra.id,
      name: agent.name,
      address: extra.address,
      family: extra.family,
      status: statusOf(extra.id),
      online: true,
      lastSeenAt: timestampFromMs(nowMs() - 900),
      clientVersion: "truechimer/0.1.0",
      location: agent.location,
      createdAt: timestampFromMs(agent.enrolledAtMs),
    });

  const monitorsOf = (agent: FakeAgent): adminV1.Monitor[] => {
    const known = options.wireMonitors();
    return agent.monitorIds.flatMap((id) => {
      const extra = extras.get(id);
      if (extra !== undefined) return [wireExtra(extra, agent)];
      return known.find((monitor) => monitor.id === id) ?? [];
    });
  };

  const wire = (agent: FakeAgent): adminV1.Agent => {
    const own = monitorsOf(agent);
    const online = own.some((monitor) => monitor.online);
    const newest = own[0];
    const certificate = certificatesOf(agent, nowMs())[0];
    return create(adminV1.AgentSchema, {
      id: agent.id,
      name: agent.name,
      tlsName: agent.tlsName,
      monitors: own,
      online,
      transport: online ? agent.transport : "",
      clientVersion: newest?.clientVersion ?? "truechimer/0.1.0",
      ...(newest?.lastSeenAt === undefined ? {} : { lastSeenAt: newest.lastSeenAt }),
      ...(newest?.lastSubmitAt === undefined ? {} : { lastSubmitAt: newest.lastSubmitAt }),
      ...(certificate === undefined ? {} : { certificate }),
      account: "default",
      country: agent.country,
      network: agent.network,
      location: agent.location,
      enrolledAt: timestampFromMs(agent.enrolledAtMs),
      lab: agent.lab,
    });
  };

  const agentOf = (id: string): FakeAgent => {
    const agent = agents.get(id);
    if (agent === undefined) throw appError(Code.NotFound, "not_found", `there is no agent ${id}`);
    return agent;
  };

  const enrol = (given: {
    readonly name: string;
    readonly label: string;
    readonly addresses: readonly string[];
    readonly place: {
      readonly country: string;
      readonly network: string;
      readonly location: string;
    };
    readonly status: adminV1.MonitorStatus;
  }): FakeAgent => {
    const id = newId();
    const monitorIds = given.addresses.map((address, index) => {
      const monitorId = BigInt(200 + agents.size * 2 + index);
      const family = address.includes(":") ? adminV1.IpFamily.V6 : adminV1.IpFamily.V4;
      extras.set(monitorId, { id: monitorId, address, family });
      statuses.set(monitorId, given.status);
      return monitorId;
    });
    const agent: FakeAgent = {
      id,
      name: given.name,
      tlsName: `${given.label}.${DOMAIN}`,
      transport: "stream",
      country: given.place.country,
      network: given.place.network,
      location: given.place.location,
      enrolledAtMs: nowMs(),
      lab: false,
      certificateAgeMs: 0,
      monitorIds,
    };
    agents.set(id, agent);
    options.tell("monitor_added", given.name, `${given.name} enrolled`);
    return agent;
  };

  /** Agents that were approved a moment ago fetch what they need. */
  const settle = (): void => {
    for (const [id, { atMs, request }] of approvals) {
      const registration = registrations.get(id);
      if (registration === undefined || nowMs() - atMs < FETCHES_AFTER_MS) continue;
      approvals.delete(id);
      registration.status = RegistrationStatus.COMPLETED;
      enrol({
        name: request.name === "" ? registration.hostname : request.name,
        label: registration.tlsName.split(".")[0] ?? "agent",
        addresses: registration.addresses,
        place: request,
        status:
          request.status === MonitorStatus.UNSPECIFIED ? MonitorStatus.TESTING : request.status,
      });
    }
  };

  const waitingOf = (id: string): adminV1.Registration => {
    const registration = registrations.get(id);
    if (registration === undefined) {
      throw appError(Code.NotFound, "not_found", `there is no registration ${id}`);
    }
    if (registration.status !== RegistrationStatus.PENDING) {
      throw appError(Code.Aborted, "conflict", `the registration ${id} is decided already`);
    }
    return registration;
  };

  const tokenOf = (id: string): adminV1.EnrolmentToken => {
    const known = tokens.get(id);
    if (known === undefined) throw appError(Code.NotFound, "not_found", `there is no token ${id}`);
    return known.token;
  };

  return {
    statusOf,
    list: () => {
      settle();
      return [...agents.values()].map(wire);
    },
    one: (id) => wire(agentOf(id)),
    placeOf: (monitorId) => {
      const agent = [...agents.values()].find(({ monitorIds }) => monitorIds.includes(monitorId));
      return { country: agent?.country ?? "", network: agent?.network ?? "" };
    },
    certificates: (id) => certificatesOf(agentOf(id), nowMs()),
    setStatus: (ids, status) => {
      for (const id of ids) statuses.set(id, status);
      return [...agents.values()].flatMap(monitorsOf).filter(({ id }) => ids.includes(id));
    },
    update: ({ id, name, country, network, location }) => {
      const agent = agentOf(id);
      const next = {
        ...agent,
        name: name ?? agent.name,
        country: (country ?? agent.country).toUpperCase(),
        network: network ?? agent.network,
        location: location ?? agent.location,
      };
      agents.set(id, next);
      for (const [index, monitor] of monitors.entries()) {
        if (!agent.monitorIds.includes(monitor.id)) continue;
        monitors[index] = { ...monitor, name: next.name, location: next.location };
      }
      options.tell("agent_changed", next.name, `agent ${agent.name} was changed`);
      return wire(next);
    },
    remove: (id) => {
      const agent = agentOf(id);
      agents.delete(id);
      for (const monitorId of agent.monitorIds) {
        const at = monitors.findIndex((monitor) => monitor.id === monitorId);
        if (at >= 0) monitors.splice(at, 1);
      }
      options.tell("monitor_offline", agent.name, `${agent.name} was removed`);
    },
    registrations: (decidedToo) => {
      settle();
      return [...registrations.values()]
        .filter(({ status }) => decidedToo || status === RegistrationStatus.PENDING)
        .toSorted((one, other) =>
          Number((other.createdAt?.seconds ?? 0n) - (one.createdAt?.seconds ?? 0n)),
        );
    },
    approve: (request) => {
      const registration = waitingOf(request.id);
      if (!/^([A-Z]{2})?$/.test(request.country)) {
        throw appError(
          Code.InvalidArgument,
          "bad_request",
          `country ${request.country} is not two letters of ISO 3166`,
        );
      }
      Object.assign(registration, {
        status: RegistrationStatus.ACCEPTED,
        decidedAt: timestampFromMs(nowMs()),
        decidedBy: "you",
        country: request.country,
        network: request.network,
      });
      approvals.set(request.id, { atMs: nowMs(), request });
      return registration;
    },
    reject: (id, reason) => {
      const registration = waitingOf(id);
      if (reason.length > 200) {
        throw appError(
          Code.InvalidArgument,
          "bad_request",
          "reason must be at most 200 characters",
        );
      }
      Object.assign(registration, {
        status: RegistrationStatus.REJECTED,
        decidedAt: timestampFromMs(nowMs()),
        decidedBy: "you",
        reason,
      });
      return registration;
    },
    createToken: (request) => {
      const lifetimeMs = request.lifetime === undefined ? DAY_MS : durationMs(request.lifetime);
      if (lifetimeMs <= 0 || lifetimeMs > TOKEN_LIFETIME_MAX_MS) {
        throw appError(
          Code.InvalidArgument,
          "bad_request",
          `lifetime ${lifetimeMs / 1_000} s must be at most 30 days`,
        );
      }
      const token = create(adminV1.EnrolmentTokenSchema, {
        id: newId(),
        name: request.name,
        createdAt: timestampFromMs(nowMs()),
        expiresAt: timestampFromMs(nowMs() + lifetimeMs),
      });
      tokens.set(token.id, { token, request });
      const secret = `tce_${"pretended".repeat(5).slice(0, 43)}.00112233445566778899aabbccddeeff`;
      return {
        token,
        secret,
        command: `truechimer agent enroll --server https://time.example.net:8124 --token ${secret}`,
      };
    },
    tokens: () => [...tokens.values()].map(({ token }) => token).toReversed(),
    revokeToken: (id) => {
      const token = tokenOf(id);
      if (token.usedAt !== undefined) {
        throw appError(Code.Aborted, "conflict", `the token ${token.name} was used already`);
      }
      token.revokedAt = timestampFromMs(nowMs());
      return token;
    },
    useToken: (id, hostname) => {
      const token = tokenOf(id);
      const request = tokens.get(id)?.request;
      if (request === undefined || token.revokedAt !== undefined || token.usedAt !== undefined) {
        throw new Error(`the token ${id} opens nothing`);
      }
      const agent = enrol({
        name: hostname,
        label: `${hostname}-k3mq7wz`,
        addresses: ["203.0.113.77"],
        place: request,
        status:
          request.status === MonitorStatus.UNSPECIFIED ? MonitorStatus.ACTIVE : request.status,
      });
      token.usedAt = timestampFromMs(nowMs());
      token.agentId = agent.id;
    },
  };
}

/** The one in use first; those before it were replaced when their last third began. */
function certificatesOf(agent: FakeAgent, nowMs: number): adminV1.AgentCertificate[] {
  const { certificateAgeMs: ageMs } = agent;
  if (ageMs === undefined) return [];
  const replaced = nowMs - agent.enrolledAtMs > DAY_MS ? 2 : 0;
  return Array.from({ length: 1 + replaced }, (_unused, back) => {
    const fromMs = nowMs - ageMs - back * ((CERTIFICATE_LIFE_MS * 2) / 3);
    const serial = Buffer.from(`${back}${agent.tlsName}`).toString("hex").slice(0, 32);
    return create(adminV1.AgentCertificateSchema, {
      serial,
      notBefore: timestampFromMs(Math.round(fromMs)),
      notAfter: timestampFromMs(Math.round(fromMs + CERTIFICATE_LIFE_MS)),
      renewAfter: timestampFromMs(Math.round(fromMs + (CERTIFICATE_LIFE_MS * 2) / 3)),
      fingerprint: serial.repeat(2),
      ...(back === 2 ? { revokedAt: timestampFromMs(Math.round(fromMs + 20 * DAY_MS)) } : {}),
    });
  });
}

function firstRegistrations(nowMs: number): adminV1.Registration[] {
  const registration = (
    id: string,
    hostname: string,
    more: MessageInitShape<typeof adminV1.RegistrationSchema>,
  ): adminV1.Registration =>
    create(adminV1.RegistrationSchema, {
      id,
      hostname,
      account: "default",
      clientVersion: "truechimer/0.1.0",
      createdAt: timestampFromMs(nowMs - 11 * 60_000),
      lastSeenAt: timestampFromMs(nowMs - 4_000),
      tlsName: `${hostname || "agent"}-2d7hqpx.${DOMAIN}`,
      status: RegistrationStatus.PENDING,
      ...more,
    });
  return [
    registration("01R00000000000000000000001", "lisbon", {
      addresses: ["198.51.100.24", "2001:db8:115::24"],
    }),
    registration("01R00000000000000000000002", "", {
      addresses: ["203.0.113.200"],
      clientVersion: "ntppool-agent/4.1.2",
      createdAt: timestampFromMs(nowMs - 2 * HOUR_MS),
    }),
    registration("01R00000000000000000000003", "tokyo", {
      addresses: ["127.0.1.11"],
      status: RegistrationStatus.COMPLETED,
      createdAt: timestampFromMs(nowMs - 21 * DAY_MS),
      decidedAt: timestampFromMs(nowMs - 21 * DAY_MS + HOUR_MS),
      decidedBy: "admin",
      tlsName: `tyo-b-m5c2qke.${DOMAIN}`,
    }),
    registration("01R00000000000000000000004", "unknown-vps", {
      addresses: ["192.0.2.99"],
      status: RegistrationStatus.REJECTED,
      createdAt: timestampFromMs(nowMs - 3 * DAY_MS),
      decidedAt: timestampFromMs(nowMs - 3 * DAY_MS + HOUR_MS),
      decidedBy: "admin",
      reason: "nobody here knows this host",
    }),
  ];
}
