// The certificate that this dashboard is served with: whose it is, when it ends, and why no new one comes.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { Breakable } from "../parts/breakable.tsx";
import { TimeAgo } from "../parts/values.tsx";

export function DashboardCertificate({
  certificate,
}: {
  readonly certificate: adminV1.DashboardCertificate | undefined;
}): ReactNode {
  if (certificate === undefined) return null;
  const { lastError, failedAt, nextAttemptAt, renewAt } = certificate;
  return (
    <section aria-labelledby="certificate-title">
      <h2 id="certificate-title">Certificate of the dashboard</h2>
      <div className="table-scroll">
        <table className="table is-facts">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">From</th>
              <th scope="col" className="is-number">
                Ends
              </th>
              <th scope="col" className="is-number is-minor">
                Renewed from
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">
                <Breakable text={certificate.names.join(", ")} />
                {lastError !== "" && (
                  <span className="loop-purpose">
                    The last attempt failed <TimeAgo atMs={msOf(failedAt)} />, the next is{" "}
                    <TimeAgo atMs={msOf(nextAttemptAt)} />: <Breakable text={lastError} />
                  </span>
                )}
              </th>
              <td>{sourceText(certificate)}</td>
              <td className="is-number" data-label="ends">
                <TimeAgo atMs={msOf(certificate.notAfter)} />
              </td>
              <td className="is-number is-minor">
                <TimeAgo atMs={msOf(renewAt)} />
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </section>
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  own: "the built-in authority",
  files: "files",
  acme: "ACME",
};

function sourceText({ source, issuer }: adminV1.DashboardCertificate): string {
  const known = SOURCES[source] ?? source;
  return issuer === "" ? known : `${issuer} (${known})`;
}
