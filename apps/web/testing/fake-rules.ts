// The fake's rules: the sets that are built in, and a trial that finds its falsetickers under any other set.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { adminV1, rulesV1 } from "@truechimer/api";
import { appError } from "./app-error.ts";

/** Enough of a document for a page: it hands it on as text. */
const DOCUMENTS = [
  { name: "ntp_pool_recentmedian", version: 1, decay: 0.95, overall: "recent_median" },
  { name: "ntp_pool_every", version: 1, decay: 0.95, overall: "every" },
];
const POINTS = 60;
const HOUR_MS = 3_600_000;

export function createFakeRules({
  servers,
  nowMs,
}: {
  readonly servers: () => readonly { readonly id: bigint; readonly name: string }[];
  readonly nowMs: () => number;
}): ServiceImpl<typeof rulesV1.RulesService> {
  const activations: rulesV1.RuleSetActivation[] = [];
  let tried: { readonly id: string; readonly effect: rulesV1.TrialEffect } | undefined;
  const activeId = (): string => activations[0]?.id ?? "ntp_pool_recentmedian/1";

  const idOf = (documentJson: string): string => {
    const { name, version, decay } = JSON.parse(documentJson) as (typeof DOCUMENTS)[number];
    if (decay > 0 && decay < 1) return `${name}/${version}`;
    const problem = `decay: ${decay}: expected a number between 0 and 1, neither of them`;
    throw appError(Code.InvalidArgument, "bad_request", `the rule set has a problem:\n${problem}`);
  };
  const difference = ({ id, name }: { readonly id: bigint; readonly name: string }) =>
    create(rulesV1.ServerDifferenceSchema, {
      serverId: id,
      serverName: name,
      verdict: adminV1.Verdict.TRUECHIMER,
      verdictTried: adminV1.Verdict.FALSETICKER,
      verdictDiffers: { seconds: 7_260n },
      firstAt: timestampFromMs(nowMs() - 2 * HOUR_MS),
      text: "none of 3 monitors with fresh data hold it outside ±25 ms",
      textTried: "3 of 3 monitors with fresh data hold it outside ±1 ms",
      score: 19.5,
      scoreTried: -12.4,
      scoreDifference: -31.9,
      results: 60n,
      resultsSteppedOtherwise: 60n,
      why: "60 of 60 checks have another step, most often offset_good (+1) → far (−3) (60 times)",
    });

  return {
    listRuleSets: () =>
      create(rulesV1.ListRuleSetsResponseSchema, {
        ruleSets: DOCUMENTS.map((document) => {
          const id = `${document.name}/${document.version}`;
          const documentJson = JSON.stringify(document, undefined, 2);
          return {
            id,
            about: document.overall,
            documentJson,
            builtIn: true,
            active: id === activeId(),
          };
        }),
        activations,
      }),
    tryRuleSet: async function* ({ documentJson, from, to }) {
      const id = idOf(documentJson);
      const all = servers();
      yield create(rulesV1.TryRuleSetResponseSchema, {
        event: {
          case: "progress",
          value: { serversDone: 1, serversTotal: all.length, results: 60n },
        },
      });
      const differences = id === activeId() ? [] : all.slice(0, 2).map(difference);
      const effect = create(rulesV1.TrialEffectSchema, {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        servers: all.length,
        serversVerdictDiffers: differences.length,
        serversScoreDiffers: differences.length,
        results: 1_200n,
        scoresCompared: 1_500n,
        scoresReproduced: 1_500n,
      });
      tried = { id, effect };
      yield create(rulesV1.TryRuleSetResponseSchema, {
        event: {
          case: "result",
          value: { trialId: "trial-1", activeId: activeId(), triedId: id, effect, differences },
        },
      });
    },
    replayServer: ({ serverId, documentJson, from, to }) => {
      const server = servers().find(({ id }) => id === serverId);
      if (server === undefined) throw appError(Code.NotFound, "not_found", "no such server");
      const toMs = to === undefined ? nowMs() : Number(to.seconds) * 1_000;
      const fromMs = from === undefined ? toMs - HOUR_MS : Number(from.seconds) * 1_000;
      const at = (index: number) => timestampFromMs(fromMs + ((toMs - fromMs) * index) / POINTS);
      return create(rulesV1.ReplayServerResponseSchema, {
        serverName: server.name,
        activeId: activeId(),
        triedId: idOf(documentJson),
        from: timestampFromMs(fromMs),
        to: timestampFromMs(toMs),
        difference: difference(server),
        scores: Array.from({ length: POINTS }, (_unused, index) => ({
          at: at(index),
          score: 20 * (1 - 0.95 ** index),
          scoreTried: -30 * (1 - 0.97 ** index),
        })),
        verdicts: [
          { at: at(0), verdict: adminV1.Verdict.TRUECHIMER, verdictTried: adminV1.Verdict.UNSURE },
          {
            at: at(20),
            verdict: adminV1.Verdict.TRUECHIMER,
            verdictTried: adminV1.Verdict.FALSETICKER,
          },
        ],
        scoresCompared: 75n,
        scoresReproduced: 75n,
      });
    },
    activateRuleSet: () => {
      if (tried === undefined) throw appError(Code.NotFound, "not_found", "there is no trial");
      const { id, effect } = tried;
      const activation = create(rulesV1.RuleSetActivationSchema, {
        id,
        effect,
        at: timestampFromMs(nowMs()),
        by: "the owner",
      });
      activations.unshift(activation);
      return create(rulesV1.ActivateRuleSetResponseSchema, { activation });
    },
  };
}
