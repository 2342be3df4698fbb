// Those whose place a monitor could have: the target's active ones, or its testing ones beside them. What they leave of the
// limits, and what a newcomer lacks to take the place of one of them.

import { concaveGain } from "./choice-problem.ts";
import type { HoldDetail } from "./explain.ts";
import type { Field, Standing } from "./standing.ts";
import type { Target } from "./target.ts";
import { activeValue, diversityWeights, pointsValue, testingValue } from "./value.ts";

interface Rival {
  readonly standing: Standing;
  readonly value: number;
}

interface CountedGrouping {
  readonly weight: number;
  readonly groupOf: (standing: Standing) => number;
  readonly counts: ReadonlyMap<number, number>;
}

interface Members {
  readonly first: Standing;
  readonly count: number;
}

/** Of one level. */
export class Rivals {
  readonly #field: Field;
  readonly #level: "active" | "testing";
  readonly #byNetwork: ReadonlyMap<number, Members>;
  readonly #byAccount: ReadonlyMap<number, Members>;
  readonly #groupings: readonly CountedGrouping[];
  readonly #rivals: readonly Rival[];

  constructor(field: Field, target: Target, level: "active" | "testing") {
    const isTesting = level === "testing";
    const beside = field.standings.filter(
      (_, place) => target.active.has(place) || (isTesting && target.testing.has(place)),
    );
    this.#field = field;
    this.#level = level;
    this.#byNetwork = membersBy(beside, ({ network }) => network);
    this.#byAccount = membersBy(beside, ({ account }) => account);
    this.#groupings = diversityWeights(field).map((weight, grouping) => {
      const groupOf = ({ groups }: Standing): number => groups[grouping] as number;
      return { weight, groupOf, counts: countsBy(beside, groupOf) };
    });
    const places = isTesting ? target.testing : target.active;
    this.#rivals = [...places].map((place) => {
      const standing = field.standings[place] as Standing;
      return { standing, value: this.#worth(standing) };
    });
  }

  /** Undefined: no limit is in the way. */
  limitOn(standing: Standing): HoldDetail | undefined {
    const { account, network, activeGateMet, testingGateMet } = standing;
    const { policy, accountLimits } = this.#field;
    const isTesting = this.#level === "testing";
    if (!(isTesting ? testingGateMet : activeGateMet)) {
      return {
        hold: "data_gate",
        resultsNeeded: isTesting ? policy.testingGate : policy.activeGate,
      };
    }
    const near = network < 0 ? undefined : this.#byNetwork.get(network);
    if (near !== undefined) return { hold: "network_diversity", otherId: near.first.facts.id };
    const own = account < 0 ? undefined : this.#byAccount.get(account);
    if (own === undefined) return undefined;
    const accountLimit = (accountLimits[account] as number) + (isTesting ? 1 : 0);
    if (own.count < accountLimit) return undefined;
    return { hold: "limit", accountLimit, otherId: own.first.facts.id };
  }

  /** Whose place it could take most easily, and what it lacks for that, diversity included. */
  outranking(standing: Standing): HoldDetail {
    const worth = this.#worth(standing);
    let least = Number.POSITIVE_INFINITY;
    let other: Standing | undefined;
    for (const rival of this.#rivals) {
      const missing = rival.value - worth + this.#diversityLost(rival.standing, standing);
      if (missing >= least) continue;
      least = missing;
      other = rival.standing;
    }
    if (other === undefined) return { hold: "outranked" };
    return {
      hold: "outranked",
      otherId: other.facts.id,
      pointsMissing: Math.max(0, pointsValue(least)),
    };
  }

  #worth(standing: Standing): number {
    const worth = this.#level === "active" ? activeValue : testingValue;
    return worth(standing, this.#field);
  }

  /** What the set loses in diversity when `newcomer` takes the place of `other`. */
  #diversityLost(other: Standing, newcomer: Standing): number {
    let lost = 0;
    for (const { weight, groupOf, counts } of this.#groupings) {
      const from = groupOf(other);
      const to = groupOf(newcomer);
      if (weight === 0 || from === to) continue;
      lost += concaveGain(weight, (counts.get(from) as number) - 1);
      lost -= concaveGain(weight, counts.get(to) ?? 0);
    }
    return lost;
  }
}

function membersBy(
  standings: readonly Standing[],
  keyOf: (standing: Standing) => number,
): ReadonlyMap<number, Members> {
  const members = Map.groupBy(standings, keyOf);
  return new Map(
    [...members].map(([key, all]) => [key, { first: all[0] as Standing, count: all.length }]),
  );
}

function countsBy(
  standings: readonly Standing[],
  keyOf: (standing: Standing) => number,
): ReadonlyMap<number, number> {
  const members = Map.groupBy(standings, keyOf);
  return new Map([...members].map(([key, { length }]) => [key, length]));
}
