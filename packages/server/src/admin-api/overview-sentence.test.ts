import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { describe, expect, test } from "vitest";
import { overviewSentence } from "./overview-sentence.ts";

// 2026-03-01 14:30 UTC
const NOW_SECONDS = 1_772_375_400n;
const NOW_NS = NOW_SECONDS * 1_000_000_000n;
const LIMIT_NS = 25_000_000n;

type MonitorInit = Exclude<MessageInitShape<typeof adminV1.MonitorSchema>, adminV1.Monitor>;
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

function monitor(name: string, more: Partial<MonitorInit> = {}): adminV1.Monitor {
  return create(adminV1.MonitorSchema, { name, status: adminV1.MonitorStatus.ACTIVE, ...more });
}

function liars(...offsetsNs: bigint[]): adminV1.Server[] {
  return offsetsNs.map((valueNs, index) =>
    server(adminV1.Verdict.FALSETICKER, {
      name: `s${index + 1}`,
      offset: { valueNs, boundNs: 5_000_000n },
    }),
  );
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

describe("when all servers agree against the one host that watches them, its clock is the suspect", () => {
  const HOUR_NS = 3_600_000_000_000n;
  const OWN = [monitor("pi4"), monitor("pi4")];
  const LAB = [monitor("frankfurt.lab", { lab: true })];
  const SUSPICION =
    "None of 3 servers is known to tell the truth; 3 agree with each other and are all 3600 s ahead of pi4: that host's own clock is suspected";

  test.each([
    { name: "both families of one host", monitors: OWN },
    { name: "the lab beside it", monitors: [...OWN, ...LAB] },
    {
      name: "a paused monitor elsewhere",
      monitors: [...OWN, monitor("other", { status: adminV1.MonitorStatus.PAUSED })],
    },
  ])("$name", ({ monitors }) => {
    const servers = liars(HOUR_NS, HOUR_NS + 20_000_000n, HOUR_NS - 10_000_000n);
    const sentence = overviewSentence(servers, NOW_NS, { monitors, offsetLimitNs: LIMIT_NS });
    expect(sentence).toBe(SUSPICION);
  });

  test("a host that runs ahead sees all of them behind; the lab's liars are still named", () => {
    const servers = [
      ...truechimers(1, 0n).map((each) => ({ ...each, lab: true })),
      server(FALSETICKER, { name: "ahead2s.lab", lab: true, offset: { valueNs: 2_000_000_000n } }),
      ...liars(-HOUR_NS, -HOUR_NS, -HOUR_NS),
    ];
    const sentence = overviewSentence(servers, NOW_NS, {
      monitors: [...OWN, ...LAB],
      offsetLimitNs: LIMIT_NS,
    });
    expect(sentence).toBe(
      "1 of 5 servers is within 0 ns; 3 agree with each other and are all 3600 s behind pi4: that host's own clock is suspected; ahead2s.lab is 2.0 s ahead since 14:02Z",
    );
  });

  test.each([
    { name: "two servers are too few", servers: liars(HOUR_NS, HOUR_NS), monitors: OWN },
    {
      name: "they do not agree",
      servers: liars(HOUR_NS, HOUR_NS, HOUR_NS + 50_000_000n),
      monitors: OWN,
    },
    {
      name: "one is right",
      servers: [...liars(HOUR_NS, HOUR_NS, HOUR_NS), ...truechimers(1, 0n)],
      monitors: OWN,
    },
    {
      name: "two hosts watch",
      servers: liars(HOUR_NS, HOUR_NS, HOUR_NS),
      monitors: [...OWN, monitor("other")],
    },
    {
      name: "one of unknown offset",
      servers: [...liars(HOUR_NS, HOUR_NS, HOUR_NS), server(FALSETICKER)],
      monitors: OWN,
    },
  ])("not when $name", ({ servers, monitors }) => {
    const sentence = overviewSentence(servers, NOW_NS, { monitors, offsetLimitNs: LIMIT_NS });
    expect(sentence).not.toContain("suspected");
  });
});
