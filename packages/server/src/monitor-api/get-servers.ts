// GetServers: the servers that are due for this monitor, as a batch, each with its ticket.

import { create } from "@bufbuild/protobuf";
import { DurationSchema, durationFromMs } from "@bufbuild/protobuf/wkt";
import { monitorV2 } from "@truechimer/api";
import { assert, createUlid, parseIpAddress } from "@truechimer/base";
import type { ServerContext } from "../context.ts";
import type { AgentCall } from "../enrolment/agent-call.ts";
import type { ProbePolicy, ServerPolicy } from "../policy.ts";
import { type CallingMonitor, requireLive } from "./authenticate-monitor.ts";
import { asMonitor, MONITOR_CHANGED } from "./known-monitors.ts";
import { LEASE_NS } from "./lease.ts";
import { monitorConfig } from "./monitor-config.ts";
import { probePolicyFrom } from "./probe-settings.ts";
import { FIRST_VERSION_WITH_PORTS } from "./submission-version.ts";
import type { DueServer } from "./take-due-servers.ts";
import { takeDueTraces } from "./take-due-traces.ts";
import { createTicket } from "./ticket.ts";

export function getServers(
  context: ServerContext,
  request: monitorV2.GetServersRequest,
  { credential }: AgentCall,
): Promise<monitorV2.GetServersResponse> {
  const call = { credential, monId: request.monId };
  return asMonitor(context, call, ({ monitor }) => handOut(context, request, monitor));
}

async function handOut(
  context: ServerContext,
  request: monitorV2.GetServersRequest,
  monitor: CallingMonitor,
): Promise<monitorV2.GetServersResponse | typeof MONITOR_CHANGED> {
  const { database, monitorCalls, policy } = context;
  requireLive(monitor);
  const leased = (request.submissionVersionMax ?? 0) >= FIRST_VERSION_WITH_PORTS;
  const { probe, config } = settingsFor(monitor, policy);
  const key = await context.ticketKeys.current();
  const due = await monitorCalls.takeDue({
    monitor,
    probe,
    leased,
    withdrawalsAfter: request.withdrawalsAfter,
  });
  if (due === "monitor_changed") return MONITOR_CHANGED;
  const { servers, takenAtNs, withdrawn } = due;
  const traced = await takeDueTraces(
    database,
    monitor.id,
    leased ? servers.flatMap((server) => (server.traced ? [server.serverId] : [])) : [],
  );
  // By the database's clock, so that a later batch has the later id whichever replica made it.
  const nowNs = (): bigint => takenAtNs ?? context.clock.nowNs();
  const batchId = createUlid({ ...context.clock, nowNs }, context.random);
  context.metrics.testsRequested.inc(
    { monitor: monitor.name, ip_version: monitor.family },
    servers.length,
  );
  return create(monitorV2.GetServersResponseSchema, {
    batchId: new TextEncoder().encode(batchId),
    config,
    servers: servers.flatMap((server) => {
      const addressBytes = addressBytesOf(server);
      const { port } = server;
      const handedOut = {
        ipBytes: addressBytes,
        ticket: createTicket({ monitorId: monitor.id, batchId, addressBytes, port }, key),
        ...(port === NTP_PORT ? {} : { port }),
      };
      const check = create(monitorV2.ServerSchema, {
        ...handedOut,
        ...(leased ? { checkInterval: durationFromMs(server.checkIntervalMs) } : {}),
      });
      if (!traced.has(server.serverId)) return [check];
      return [check, create(monitorV2.ServerSchema, { ...handedOut, trace: true })];
    }),
    ...(leased ? { lease: LEASE } : {}),
    ...(withdrawn ?? NOTHING_WITHDRAWN),
  });
}

interface MonitorSettings {
  readonly probe: ProbePolicy;
  readonly config: monitorV2.GetConfigResponse;
}

/** Of monitors as they are remembered: they are the same from call to call. */
const settings = new WeakMap<CallingMonitor, MonitorSettings>();

function settingsFor(monitor: CallingMonitor, policy: ServerPolicy): MonitorSettings {
  const known = settings.get(monitor);
  if (known !== undefined) return known;
  const probe = probePolicyFrom(monitor.settings, policy, monitor.lab);
  const made = { probe, config: monitorConfig({ policy, probe }, monitor) };
  settings.set(monitor, made);
  return made;
}

const NTP_PORT = 123;
const LEASE = create(DurationSchema, { seconds: LEASE_NS / 1_000_000_000n });
const NOTHING_WITHDRAWN = { withdrawals: [] };

function addressBytesOf(server: DueServer): Uint8Array {
  const address = parseIpAddress(server.address);
  assert(address.ok, `servers.ip "${server.address}" is an address`);
  return address.value.bytes;
}
