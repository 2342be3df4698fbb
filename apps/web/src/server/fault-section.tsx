// Whose fault it is that a server looks bad: a sentence, and a picture of who sees it and who does not.

import type { adminV1 } from "@truechimer/api";
import type { ReactNode } from "react";
import { msOf } from "../api/message.ts";
import { Instant } from "../parts/values.tsx";
import { faultNetworks, pictureWords, whoseWords, witnessWords } from "./fault-networks.ts";

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
      {faults.length === 0 ? <p className="page-sentence">{server?.faultText}</p> : null}
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

function FaultPicture(props: { readonly fault: adminV1.ServerFault }): ReactNode {
  const { fault } = props;
  return (
    <figure className="fault-figure">
      <figcaption className="page-sentence">{fault.text}</figcaption>
      <ul className="fault-networks" aria-label={pictureWords(fault)}>
        {faultNetworks(fault).map(({ network, witnesses }) => (
          <li key={network} className="fault-network">
            <span className="fault-dots">
              {witnesses.map((witness) => (
                <span
                  key={witness.monitorId.toString()}
                  className={`fault-dot${witness.sees ? " is-seen" : ""}`}
                  title={witnessWords(witness)}
                >
                  <span className="visually-hidden">{witnessWords(witness)}. </span>
                </span>
              ))}
            </span>
            <span className="soft fault-network-name">{network}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
