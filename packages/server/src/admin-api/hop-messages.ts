// The hops of a stored path, as people see them.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { parseExactJson } from "@truechimer/mqtt";
import type { NetworkTable } from "../networks/networks.ts";
import { optionalField } from "./admin-message.ts";

/** Each address once, with its shortest round trip; a probe without an answer is none. */
export function hopMessages(hops: string | null, networks: NetworkTable): adminV1.TracerouteHop[] {
  const parsed = hops === null ? [] : parseExactJson(hops);
  if (!Array.isArray(parsed)) return [];
  return parsed.map((hop: unknown) => {
    const { hop_limit: hopLimit, answers } = hop as {
      readonly hop_limit: bigint;
      readonly answers: readonly { readonly ip: string; readonly rtt_ns?: bigint }[];
    };
    const shortest = new Map<string, bigint>();
    for (const { ip, rtt_ns: rttNs = 0n } of answers) {
      const known = shortest.get(ip);
      if (ip !== "" && (known === undefined || rttNs < known)) shortest.set(ip, rttNs);
    }
    return create(adminV1.TracerouteHopSchema, {
      hopLimit: Number(hopLimit),
      answers: [...shortest].map(([address, rttNs]) => ({
        address,
        rttNs,
        ...optionalField("network", networks.of(address)),
      })),
    });
  });
}
