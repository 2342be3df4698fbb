// The scores of the monitors under another rule set: each result gets the step that the set has for it, and each monitor's
// score goes on from there. As long as the set agrees with what was stored, the stored score is the score, so that a set
// that decides the same gives exactly the same.

import {
  nextScore,
  type RuleSet,
  ruleSetText,
  type ScoreStep,
  scoreStep,
} from "@truechimer/scoring";
import type { StoredResult } from "./replay-rows.ts";
import type { RuleSetOf } from "./rule-sets.ts";

/** How often a step became another one, by "rule → rule" with the steps. */
export type StepChanges = Map<string, number>;

interface Chain {
  score: number;
  /** No result of the monitor was decided otherwise so far. */
  agrees: boolean;
}

export class Restepping {
  readonly #rules: RuleSet;
  readonly #rulesOf: RuleSetOf;
  readonly #chains = new Map<bigint, Chain>();
  readonly changes: StepChanges = new Map();

  /** `rulesOf`: by which a result was stepped. */
  constructor(rules: RuleSet, rulesOf: RuleSetOf) {
    this.#rules = rules;
    this.#rulesOf = rulesOf;
  }

  /** Of some results, in any order: a monitor's are taken in that of their ids, as they were counted. */
  page(
    results: readonly StoredResult[],
    counted: (result: StoredResult) => boolean,
  ): ReadonlyMap<bigint, StoredResult> {
    const byId = results.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return new Map(byId.map((result) => [result.id, this.#next(result, counted(result))]));
  }

  #next(result: StoredResult, counted: boolean): StoredResult {
    const rules = this.#rules;
    const before = result.scoreBefore ?? result.score;
    const chain = this.#chains.get(result.monitorId) ?? { score: before, agrees: true };
    this.#chains.set(result.monitorId, chain);
    const own = stepOfStored(result, rules);
    const former = this.#rulesOf(result);
    const stored = stepOfStored(result, former);
    if (counted && own.step !== result.step) this.#note(stored, own, result.step);
    const isSame =
      own.step === result.step &&
      own.cap === stored.cap &&
      own.counts === stored.counts &&
      rules.decay === former.decay;
    chain.agrees &&= isSame;
    const scoreBefore = chain.agrees ? result.scoreBefore : chain.score;
    chain.score = chain.agrees ? result.score : nextScore(chain.score, own, rules);
    const rule = `${ruleSetText(rules)}/${own.rule}`;
    return { ...result, rule, step: own.step, score: chain.score, scoreBefore };
  }

  #note(stored: ScoreStep, own: ScoreStep, storedStep: number): void {
    const change = `${stored.rule} (${stepText(storedStep)}) → ${own.rule} (${stepText(own.step)})`;
    // Steps that go by the offset are told without their values, which are as many as there are results.
    const key =
      Number.isInteger(storedStep) && Number.isInteger(own.step)
        ? change
        : `${stored.rule} → ${own.rule}`;
    this.changes.set(key, (this.changes.get(key) ?? 0) + 1);
  }
}

function stepOfStored(result: StoredResult, rules: RuleSet): ScoreStep {
  const status = {
    noResponse: result.noResponse,
    reason: result.reason ?? undefined,
    offsetNs: result.offsetNs ?? undefined,
    stratum: result.stratum ?? 0,
  };
  return scoreStep(status, rules);
}

/** Whether the rules by which a result was stepped give what was stored, to the last bit. */
export function isReproduced(result: StoredResult, rules: RuleSet): boolean {
  const step = stepOfStored(result, rules);
  if (step.step !== result.step) return false;
  return result.scoreBefore === null || nextScore(result.scoreBefore, step, rules) === result.score;
}

function stepText(step: number): string {
  return `${step < 0 ? "−" : "+"}${Math.abs(step)}`;
}
