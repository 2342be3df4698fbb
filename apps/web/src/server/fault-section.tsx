// Whose fault it is that a server looks bad: a sentence, and a picture of who sees it and who does not.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { keepQuantities } from "../format/number.ts";
import { whoseWords } from "../parts/fault-networks.ts";
import { FaultPicture } from "../parts/fault-picture.tsx";
import { Instant } from "../parts/values.tsx";

export function FaultSection(props: { readonly data: adminV1.GetServerResponse }): ReactNode {
  const { server, faults } = props.data;
  const whose = whoseWords(server?.fault ?? 0);
  if (whose === undefined && faults.length === 0) return null;
  const sinceMs = msOf(server?.faultSince);
  return (
    <section aria-labelledby="fault-title" className="fault-section">
      <h2 id="fault-title">Whose fault</h2>
      {whose === undefined ? (
        <p className="soft">Nothing is wrong with it for most who watch it. Some see:</p>
      ) : (
        <p className="verdict-line">
          <strong>{whose}</strong>
          {sinceMs === undefined ? null : (
            <span className="soft">
              since <Instant atMs={sinceMs} />
            </span>
          )}
        </p>
      )}
      {faults.length === 0 ? (
        <p className="page-sentence">{keepQuantities(server?.faultText ?? "")}</p>
      ) : null}
      {faults.map((fault) => (
        <FaultPicture key={`${fault.reach} ${fault.reachFrom} ${fault.cause}`} fault={fault} />
      ))}
      {faults.length === 0 ? null : (
        <p className="soft fault-legend" aria-hidden>
          <span className="fault-dot is-seen" /> sees it <span className="fault-dot" /> does not
        </p>
      )}
    </section>
  );
}
