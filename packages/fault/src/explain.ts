// The fewest causes that explain what all pairs show in one channel: the cause that explains most is taken, its effect set
// aside, and so on; then each is weighed again beside the others (matching pursuit with backfitting, priced by description
// length). An effect of two causes at once is so split between them, and a monitor's own fault is set aside before any
// server is looked at, because it explains what all its servers show.

import type { Channel } from "./channel.ts";
import type { Scope, ScopeKind } from "./scope.ts";

/** A cause that was found. */
export interface Explained {
  readonly scope: Scope;
  readonly effect: number;
  /** What it explains, in natural units of log likelihood, less its price. */
  readonly gain: number;
  /** By how much less the best cause of another fault would explain it. */
  readonly margin: number;
  /** How many times the noise of a single check the effect is. */
  readonly sigmas: number;
  /** Those of its pairs that show it, and those with data that do not. */
  readonly shownBy: readonly number[];
  readonly notShownBy: readonly number[];
}

/** What is to be explained, and by what. */
export interface ExplainOptions {
  readonly channel: Channel;
  /** How many there are. */
  readonly pairs: number;
  readonly scopes: readonly Scope[];
  /** Whether such an effect can come from there at all. */
  readonly isPossible: (scope: Scope, effect: number) => boolean;
  /** Equal for two scopes: it makes no difference which of them it is. */
  readonly faultOf: (scope: Scope, effect: number) => string;
}

/** What a cause of a kind must explain before it is believed: the rarer a kind, and the more of it there are, the more. */
const PRICE: Readonly<Record<ScopeKind, number>> = {
  server: 12,
  monitor: 12,
  account: 14,
  network: 14,
  servers: 14,
  part: 16,
  pair: 18,
};

/** What never comes by chance needs less. */
const RARE_CHANNELS: ReadonlySet<string> = new Set(["rate", "unfit", "leap"]);
const RARE_DISCOUNT = 0.5;

/** Causes at one time in one channel at most; what is left after so many is not told apart. */
const CAUSES_MAX = 60;
const ROUNDS = 3;

interface Taken {
  readonly candidate: Candidate;
  readonly effect: number;
  readonly gain: number;
}

interface Candidate {
  readonly scope: Scope;
  /** Its pairs with data. */
  readonly known: readonly number[];
}

/** The strongest first. */
export function explain(options: ExplainOptions): readonly Explained[] {
  if (!isAnythingShown(options)) return [];
  const search = createSearch(options);
  for (let round = 0; round < ROUNDS; round += 1) {
    search.add();
    if (!search.weighAgain()) break;
  }
  return search.found().toSorted((a, b) => b.gain - a.gain);
}

/** Most channels show nothing most of the time: no cause could explain more there than its price. */
function isAnythingShown({ channel, pairs, scopes }: ExplainOptions): boolean {
  const alone = aloneIn(channel, pairs);
  return scopes.some((scope) => costOf(scope.pairs, alone) > priceOf(scope, channel));
}

/** What each pair costs as long as nothing is explained: the same for all that reach it. */
function aloneIn(channel: Channel, pairs: number): Float64Array {
  const costs = new Float64Array(pairs);
  for (let pair = 0; pair < pairs; pair += 1) {
    if (channel.knows(pair)) costs[pair] = channel.cost(pair, 0);
  }
  return costs;
}

function priceOf({ kind }: Scope, { name }: Channel): number {
  return PRICE[kind] * (RARE_CHANNELS.has(name) ? RARE_DISCOUNT : 1);
}

interface Search {
  /** Takes causes while there are any that pay. */
  add(): void;
  /** Fits each beside the others; true: one has fallen out. */
  weighAgain(): boolean;
  found(): readonly Explained[];
}

function createSearch({ channel, pairs, scopes, isPossible, faultOf }: ExplainOptions): Search {
  const candidates = candidatesOf(scopes, channel);
  let touched: readonly (readonly Candidate[])[] | undefined;
  /** Most channels show nothing, and nobody asks. */
  const touching = (pair: number): readonly Candidate[] => {
    touched ??= candidatesByPair(candidates);
    return touched[pair] ?? [];
  };
  const explained = new Float64Array(pairs);
  const tried = new Map<Candidate, Taken | undefined>();
  let taken: Taken[] = [];

  const attempt = (candidate: Candidate): Taken | undefined => {
    const { scope, known } = candidate;
    const price = priceOf(scope, channel);
    let before = 0;
    for (const pair of known) before += channel.cost(pair, explained[pair] as number);
    if (before <= price) return undefined;
    const effect = channel.fit(known, explained);
    if (effect === 0 || channel.isSmall(known, effect) || !isPossible(scope, effect)) {
      return undefined;
    }
    if (scope.kind === "pair" && !known.every((pair) => channel.isSteady(pair, effect))) {
      return undefined;
    }
    let after = 0;
    for (const pair of known) {
      after += channel.cost(pair, channel.both(explained[pair] as number, effect));
    }
    const gain = before - after - price;
    return gain > 0 ? { candidate, effect, gain } : undefined;
  };
  const showing = ({ candidate: { known }, effect }: Taken): Map<boolean, number[]> =>
    Map.groupBy(known, (pair) => {
      const others = explained[pair] as number;
      return channel.cost(pair, channel.both(others, effect)) < channel.cost(pair, others);
    });
  const rivalsOf = ({ known }: Candidate): ReadonlySet<Candidate> =>
    new Set(known.flatMap(touching));
  const tryAgain = (those: Iterable<Candidate>): void => {
    for (const candidate of those) {
      const result = attempt(candidate);
      if (result === undefined) tried.delete(candidate);
      else tried.set(candidate, result);
    }
  };
  /** What all but one explain, at the pairs of that one. */
  const setAside = (without: Taken | undefined, { known }: Candidate): void => {
    for (const pair of known) explained[pair] = 0;
    const own = new Set(known);
    for (const each of taken) {
      if (each === without) continue;
      for (const pair of each.candidate.known) {
        if (own.has(pair)) explained[pair] = channel.both(explained[pair] as number, each.effect);
      }
    }
  };
  const evidenceOf = (each: Taken): Pick<Explained, "margin" | "shownBy" | "notShownBy"> => {
    setAside(each, each.candidate);
    const fault = faultOf(each.candidate.scope, each.effect);
    let rival = 0;
    for (const candidate of rivalsOf(each.candidate)) {
      const other = attempt(candidate);
      if (other === undefined || faultOf(candidate.scope, other.effect) === fault) continue;
      rival = Math.max(rival, other.gain);
    }
    const shows = showing(each);
    setAside(undefined, each.candidate);
    return {
      margin: each.gain - rival,
      shownBy: shows.get(true) ?? [],
      notShownBy: shows.get(false) ?? [],
    };
  };

  const alone = aloneIn(channel, pairs);
  tryAgain(candidates.filter(({ scope, known }) => costOf(known, alone) > priceOf(scope, channel)));
  return {
    add: () => {
      while (taken.length < CAUSES_MAX) {
        let best: Taken | undefined;
        for (const each of tried.values()) {
          if (each !== undefined && each.gain > (best?.gain ?? 0)) best = each;
        }
        if (best === undefined) return;
        taken.push(best);
        setAside(undefined, best.candidate);
        tryAgain(rivalsOf(best.candidate));
      }
    },
    weighAgain: () => {
      let hasFallen = false;
      for (const each of taken) {
        setAside(each, each.candidate);
        const again = attempt(each.candidate);
        taken = taken.flatMap((other) =>
          other !== each ? [other] : again === undefined ? [] : [again],
        );
        setAside(undefined, each.candidate);
        tryAgain(rivalsOf(each.candidate));
        hasFallen ||= again === undefined;
      }
      return hasFallen;
    },
    found: () =>
      taken.map((each) => ({
        scope: each.candidate.scope,
        effect: each.effect,
        gain: each.gain,
        ...evidenceOf(each),
        sigmas: channel.sigmas(each.candidate.known, each.effect),
      })),
  };
}

/** Those with data. */
function candidatesOf(scopes: readonly Scope[], channel: Channel): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const scope of scopes) {
    const known = scope.pairs.every((pair) => channel.knows(pair))
      ? scope.pairs
      : scope.pairs.filter((pair) => channel.knows(pair));
    if (known.length > 0) candidates.push({ scope, known });
  }
  return candidates;
}

function costOf(pairs: readonly number[], costs: Float64Array): number {
  let total = 0;
  for (const pair of pairs) total += costs[pair] as number;
  return total;
}

/** By number of the pair. */
function candidatesByPair(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const touching: Candidate[][] = [];
  for (const candidate of candidates) {
    for (const pair of candidate.known) {
      const list = touching[pair];
      if (list === undefined) touching[pair] = [candidate];
      else list.push(candidate);
    }
  }
  return touching;
}
