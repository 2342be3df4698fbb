// A small honest control plane: hands out each server when it is due, signs nothing but checks that tickets come back,
// counts each submission once, and fails as it is told to.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createRouterTransport,
  type HandlerContext,
} from "@connectrpc/connect";
import type { CreateTransport } from "@truechimer/agent";
import { monitorV2 } from "@truechimer/api";
import { createUlid, type ErrorCode, systemClock, systemRandom } from "@truechimer/base";

export interface FakeServer {
  readonly ipBytes: Uint8Array;
  readonly port?: number;
  /** A traceroute is wanted. */
  readonly trace?: boolean;
}

type Procedure = "getConfig" | "getServers" | "submitResults";

export interface FakeControlPlane {
  readonly routes: (router: ConnectRouter) => void;
  readonly createTransport: CreateTransport;
  config: MessageInitShape<typeof monitorV2.GetConfigResponseSchema>;
  /** Handed out with the next GetServers, one batch a call. */
  readonly due: FakeServer[][];
  /** Thrown by the next calls of a procedure, first come, first served. */
  readonly failures: Record<Procedure, ConnectError[]>;
  /** Called with each submission that is about to be counted; may throw: nothing is counted. */
  beforeCounting: (request: monitorV2.SubmitResultsRequest) => void;
  /** Said to be refused in the answer to each submission. */
  refused: { readonly index: number; readonly code: string; readonly message: string }[];
  /** Called before the answer of a submission that was counted; may throw: the answer is lost on its way. */
  afterCounting: () => void;
  /** Submissions as they came, also repeated ones. */
  readonly received: monitorV2.SubmitResultsRequest[];
  /** Statuses that were counted. */
  readonly counted: monitorV2.ServerStatus[];
  readonly calls: Record<Procedure, number>;
  /** Headers of the last call. */
  headers: Headers;
  /** The highest submission version that it takes. */
  versionMax: number;
}

/** A refusal as our server sends it. */
export function codedError(
  code: ErrorCode,
  connectCode: Code,
  headers: Record<string, string> = {},
): ConnectError {
  const metadata = new Headers(headers);
  metadata.set("truechimer-error-code", code);
  return new ConnectError(`refused: ${code}`, connectCode, metadata);
}

export function createFakeControlPlane(): FakeControlPlane {
  const tickets = new Set<string>();
  const submissions = new Set<string>();
  const plane: FakeControlPlane = {
    config: {},
    due: [],
    failures: { getConfig: [], getServers: [], submitResults: [] },
    beforeCounting: () => {},
    refused: [],
    afterCounting: () => {},
    received: [],
    counted: [],
    calls: { getConfig: 0, getServers: 0, submitResults: 0 },
    headers: new Headers(),
    versionMax: 5,
    routes: (router) => {
      router.service(monitorV2.MonitorService, { getConfig, getServers, submitResults });
    },
    createTransport: (interceptors) =>
      createRouterTransport(plane.routes, { transport: { interceptors } }),
  };

  const enter = (procedure: Procedure, context: HandlerContext): void => {
    plane.calls[procedure] += 1;
    plane.headers = context.requestHeader;
    const failure = plane.failures[procedure].shift();
    if (failure !== undefined) throw failure;
  };
  const getConfig = (_: monitorV2.GetConfigRequest, context: HandlerContext) => {
    enter("getConfig", context);
    return create(monitorV2.GetConfigResponseSchema, plane.config);
  };
  const getServers = (_: monitorV2.GetServersRequest, context: HandlerContext) => {
    enter("getServers", context);
    const servers = plane.due.shift() ?? [];
    const batchId = createUlid(systemClock, systemRandom);
    return create(monitorV2.GetServersResponseSchema, {
      batchId: new TextEncoder().encode(batchId),
      config: create(monitorV2.GetConfigResponseSchema, plane.config),
      servers: servers.map(({ ipBytes, port, trace = false }, index) => {
        const ticket = `${batchId} ${index}`;
        tickets.add(ticket);
        return create(monitorV2.ServerSchema, {
          ipBytes,
          trace,
          ticket: new TextEncoder().encode(ticket),
          ...(port === undefined ? {} : { port }),
        });
      }),
    });
  };
  const submitResults = (request: monitorV2.SubmitResultsRequest, context: HandlerContext) => {
    enter("submitResults", context);
    plane.received.push(request);
    if (request.version > plane.versionMax) {
      throw new ConnectError("Unsupported data version", Code.Unknown);
    }
    plane.beforeCounting(request);
    const id = request.submissionId ?? new TextDecoder().decode(request.batchId);
    const duplicate = submissions.has(id);
    if (!duplicate) {
      for (const status of request.list) {
        if (!tickets.has(new TextDecoder().decode(status.ticket))) {
          throw codedError("bad_ticket", Code.InvalidArgument);
        }
      }
      submissions.add(id);
      plane.counted.push(...request.list);
    }
    plane.afterCounting();
    return create(monitorV2.SubmitResultsResponseSchema, {
      ok: true,
      duplicate,
      refused: plane.refused,
    });
  };
  return plane;
}
