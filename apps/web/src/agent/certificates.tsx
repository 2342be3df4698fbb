// Certificates that were issued to the agent, newest first.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { CertificateBar } from "../agents/certificate-bar.tsx";
import { msOf } from "../api/message.ts";
import { Instant, Nothing } from "../parts/values.tsx";

export function Certificates(props: {
  readonly certificates: readonly adminV1.AgentCertificate[];
  readonly tlsName: string;
}): ReactNode {
  const { certificates } = props;
  if (certificates.length === 0) {
    return (
      <p className="soft">
        {props.tlsName === ""
          ? "None: this agent uses a bearer token and needs no certificate."
          : "None was issued yet. The agent asks for its first one when it enrols."}
      </p>
    );
  }
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label="Certificates">
      <table className="table is-compact certificates">
        <thead>
          <tr>
            <th scope="col" title="Hexadecimal; the SHA-256 fingerprint on hover.">
              Serial
            </th>
            <th scope="col" className="is-minor">
              From
            </th>
            <th scope="col" className="is-minor">
              To
            </th>
            <th scope="col">Life</th>
          </tr>
        </thead>
        <tbody>
          {certificates.map((certificate, index) => (
            <CertificateRow
              key={certificate.serial}
              certificate={certificate}
              replaced={index > 0}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CertificateRow(props: {
  readonly certificate: adminV1.AgentCertificate;
  readonly replaced: boolean;
}): ReactNode {
  const { certificate, replaced } = props;
  return (
    <tr className={replaced || certificate.revokedAt !== undefined ? "is-stale" : ""}>
      <th scope="row">
        <span className="serial number" title={`SHA-256 ${certificate.fingerprint}`}>
          {certificate.serial}
        </span>
      </th>
      <td className="is-minor">
        <At atMs={msOf(certificate.notBefore)} />
      </td>
      <td className="is-minor">
        <At atMs={msOf(certificate.notAfter)} />
      </td>
      <td>
        <CertificateBar certificate={certificate} replaced={replaced} />
      </td>
    </tr>
  );
}

function At(props: { readonly atMs: number | undefined }): ReactNode {
  return props.atMs === undefined ? <Nothing /> : <Instant atMs={props.atMs} />;
}
