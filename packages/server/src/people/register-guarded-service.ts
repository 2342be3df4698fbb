// A service of people and their programs: host, origin and caller are checked before a body is read, and each procedure
// asks its permission.

import type { DescService } from "@bufbuild/protobuf";
import { createContextValues, type ServiceImpl } from "@connectrpc/connect";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { guardCallers } from "../http/admin-guard.ts";
import { registerConnectService } from "../http/connect-plugin.ts";
import type { HttpAppOptions } from "../http/http-options.ts";
import { CALLER, type Caller } from "./caller.ts";
import { guardProcedures } from "./guard-procedures.ts";
import type { AnyPermissions } from "./permission.ts";

export interface ServiceOfPeople<Service extends DescService> {
  readonly service: Service;
  readonly permissions: AnyPermissions;
  readonly procedures: Partial<ServiceImpl<Service>>;
}

export function registerGuardedService<Service extends DescService>(
  scope: FastifyInstance,
  context: ServerContext,
  { options, ...of }: ServiceOfPeople<Service> & { readonly options: HttpAppOptions },
): Promise<void> {
  const callers = new WeakMap<FastifyRequest, Caller>();
  guardCallers(scope, context, { access: options.access, hosts: options.hosts, callers });
  return registerConnectService(scope, context, {
    ...options,
    service: of.service,
    bodyBytesMax: options.limits.adminBodyBytesMax,
    // A browser can be made to send neither form, and nothing of ours speaks them here.
    grpc: false,
    contextValues: (request) => createContextValues().set(CALLER, callers.get(request)),
    routes: (router) =>
      router.service(
        of.service,
        guardProcedures(context, { ...of, changed: () => afterChange(context) }),
      ),
  });
}

async function afterChange({ auditHead, callerWatch }: ServerContext): Promise<void> {
  await Promise.all([auditHead.keep(), callerWatch.lookNow()]);
}
