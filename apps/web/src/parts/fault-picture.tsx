// What is wrong in one sentence, and who sees it and who does not; each leads to the packets of its last check then.

import type { adminV1 } from "@truechimer/api";
import { Fragment, type ReactNode } from "react";
import { paths } from "../url/paths.ts";
import { faultNetworks, monitorWords, pictureWords, witnessWords } from "./fault-networks.ts";

export function FaultPicture(props: { readonly fault: adminV1.ServerFault }): ReactNode {
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
      <PacketLinks word="Packets of those who see it" witnesses={fault.witnesses} sees />
      <PacketLinks word="Of those who do not" witnesses={fault.witnesses} sees={false} />
    </figure>
  );
}

function PacketLinks(props: {
  readonly word: string;
  readonly witnesses: readonly adminV1.FaultWitness[];
  readonly sees: boolean;
}): ReactNode {
  const those = props.witnesses.filter(
    ({ sees, checkId }) => sees === props.sees && checkId !== undefined,
  );
  if (those.length === 0) return null;
  return (
    <p className="soft fault-packets">
      {props.word}:{" "}
      {those.map((witness, index) => (
        <Fragment key={witness.monitorId.toString()}>
          {index === 0 ? "" : ", "}
          <a href={paths.check(witness.checkId ?? 0n)}>{monitorWords(witness)}</a>
        </Fragment>
      ))}
    </p>
  );
}
