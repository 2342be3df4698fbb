// The dashboard's certificate, as GetSystem tells of it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { readAcmeState } from "../acme/acme-rows.ts";
import type { ServerContext } from "../context.ts";
import { timestampFromNs } from "./admin-message.ts";

/** Undefined: the listener that answers has no TLS. */
export async function dashboardCertificateMessage({
  presented,
  acme,
  database,
}: ServerContext): Promise<adminV1.DashboardCertificate | undefined> {
  const current = presented.current();
  if (current === undefined) return undefined;
  const state = acme && (await readAcmeState(database, acme));
  return create(adminV1.DashboardCertificateSchema, {
    source: current.source,
    names: [...current.names],
    issuer: current.issuer,
    notAfter: timestampFromNs(current.notAfterNs),
    lastError: state?.lastError ?? "",
    ...(state?.renewAtNs === undefined ? {} : { renewAt: timestampFromNs(state.renewAtNs) }),
    ...(state?.failedAtNs === undefined
      ? {}
      : {
          failedAt: timestampFromNs(state.failedAtNs),
          nextAttemptAt: timestampFromNs(state.nextAttemptAtNs),
        }),
  });
}
