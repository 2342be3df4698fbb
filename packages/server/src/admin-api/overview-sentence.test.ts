import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { overviewSentence } from "./overview-sentence.ts";

// 2026-03-01 14:30 UTC
const NOW_SECONDS = 1_772_375_400n;
const NOW_NS = NOW_SECONDS * 1_000_000_000n;

type ServerInit = Exclude<MessageInitShape<typeof adminV1.ServerSchema>, adminV1.Server>;

function server(verdict: adminV1.Verdict, init: ServerInit = {}): adminV1.Server {
  return create(adminV1.ServerSchema, {
    name: "ntp1.example",
    state: adminV1.ServerState.WATCHED,
    verdict,
    verdictSince: { seconds: NOW_SECONDS - 1_680n },
    ...init,
  });
}

function truechimers(count: number, offsetNs: bigint): adminV1.Server[] {
  return Array.from({ length: count }, () =>
    server(adminV1.Verdict.TRUECHIMER, { offset: { valueNs: offsetNs } }),
  );
}

const { FALSETICKER, UNREACHABLE, UNSURE } = adminV1.Verdict;

describe("the sentence says who agrees, who lies, since when", () => {
  test.each<{ name: string; servers: adminV1.Server[]; sentence: string }>([
    { name: "nothing to watch", servers: [], sentence: "No server is watched yet" },
    {
      name: "all is well",
      servers: truechimers(12, -1_400_000n),
      sentence: "12 of 12 servers agree within 1.4 ms",
    },
    {
      name: "one server",
      servers: truechimers(1, 150_400n),
      sentence: "1 of 1 server is within 150 µs",
    },
    {
      name: "one liar",
      servers: [
        ...truechimers(11, 1_400_000n),
        server(FALSETICKER, { name: "ntp3.lab", offset: { valueNs: 2_000_000_000n } }),
      ],
      sentence: "11 of 12 servers agree within 1.4 ms; ntp3.lab is 2.0 s ahead since 14:02Z",
    },
    {
      name: "one that lies behind, since the day before",
      servers: [
        ...truechimers(2, 0n),
        server(FALSETICKER, {
          offset: { valueNs: -40_000_000n },
          verdictSince: { seconds: NOW_SECONDS - 90_000n },
        }),
      ],
      sentence:
        "2 of 3 servers agree within 0 ns; ntp1.example is 40 ms behind since 2026-02-28 13:30Z",
    },
    {
      name: "the worst three are named",
      servers: [1n, 5n, 3n, 4n, 2n].map((seconds) =>
        server(FALSETICKER, { name: `s${seconds}`, offset: { valueNs: seconds * 1_000_000_000n } }),
      ),
      sentence:
        "None of 5 servers is known to tell the truth; s5 is 5.0 s ahead since 14:02Z; s4 is 4.0 s ahead since 14:02Z; s3 is 3.0 s ahead since 14:02Z; 2 more lie",
    },
    {
      name: "silence and doubt",
      servers: [...truechimers(1, 999_700n), server(UNREACHABLE), server(UNSURE), server(UNSURE)],
      sentence:
        "1 of 4 servers is within 1.0 ms; ntp1.example is unreachable since 14:02Z; 2 are unsure",
    },
    {
      name: "paused servers are left out",
      servers: [...truechimers(1, 0n), server(UNREACHABLE, { state: adminV1.ServerState.PAUSED })],
      sentence: "1 of 1 server is within 0 ns",
    },
  ])("$name", ({ servers, sentence }) => {
    expect(overviewSentence(servers, NOW_NS)).toBe(sentence);
  });
});
