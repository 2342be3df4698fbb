// Who sees what is wrong with a server, and who does not, by the network that they stand in.

import type { adminV1 } from "@truechimer/api";
import { countOf } from "../format/number.ts";

/** The witnesses of one network. */
export interface FaultNetwork {
  readonly network: string;
  readonly witnesses: readonly adminV1.FaultWitness[];
}

/** Networks where most see it come first, each with those that see it first. */
export function faultNetworks({ witnesses }: adminV1.ServerFault): readonly FaultNetwork[] {
  const share = (those: readonly adminV1.FaultWitness[]): number =>
    those.filter(({ sees }) => sees).length / those.length;
  return [...Map.groupBy(witnesses, ({ network }) => network)]
    .map(([network, those]) => ({
      network,
      witnesses: those.toSorted((a, b) => Number(b.sees) - Number(a.sees)),
    }))
    .toSorted(
      (a, b) => share(b.witnesses) - share(a.witnesses) || a.network.localeCompare(b.network),
    );
}

/** "fra1 sees it; shares network and hop with another that does". */
export function witnessWords(witness: adminV1.FaultWitness): string {
  const { sees, shares } = witness;
  const name = monitorWords(witness);
  const common =
    shares.length === 0
      ? ""
      : `; shares ${shares.join(" and ")} with ${sees ? "another" : "one"} that does`;
  return `${name} ${sees ? "sees it" : "does not"}${common}`;
}

/** Its name, or its number where it is gone. */
export function monitorWords({ monitorName, monitorId }: adminV1.FaultWitness): string {
  return monitorName === "" ? `monitor ${monitorId}` : monitorName;
}

/** The picture in words, for those who cannot see it: "3 of 5 monitors see it: 3 of 3 in AS64500, 0 of 2 in AS64501". */
export function pictureWords(fault: adminV1.ServerFault): string {
  const seeing = (those: readonly adminV1.FaultWitness[]): string =>
    `${those.filter(({ sees }) => sees).length} of ${those.length}`;
  const networks = faultNetworks(fault).map(
    ({ network, witnesses }) => `${seeing(witnesses)} in ${network}`,
  );
  const all = fault.witnesses.length;
  return `${fault.witnesses.filter(({ sees }) => sees).length} of ${countOf(all, "monitor")} see it: ${networks.join(", ")}`;
}

/** "the server's", "the path's", "ours"; undefined: nothing is wrong. */
export function whoseWords(fault: number): string | undefined {
  return WHOSE[fault];
}

const WHOSE: Readonly<Record<number, string>> = {
  1: "the server’s",
  2: "the path’s",
  3: "our own",
  4: "nobody can tell whose",
};
