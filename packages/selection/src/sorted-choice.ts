// The best choice where no search is needed: nobody gains by its groups, and one kind of limit alone keeps anybody out.
// Taking the most valuable one that is allowed, again and again, is then best (the choices are the independent sets of a
// partition matroid).

import {
  type Choice,
  type ChoiceProblem,
  type Choosable,
  liveGroupings,
} from "./choice-problem.ts";

/** Undefined: a search is needed. */
export function sortedChoice(problem: ChoiceProblem): Choice | undefined {
  if (liveGroupings(problem).length > 0) return undefined;
  const { items, capacity } = problem;
  const order = items.map((_, place) => place);
  order.sort((a, b) => at(items, b).value - at(items, a).value || a - b);
  const chosen: number[] = [];
  const refusals = { account: true, network: true, restriction: true };
  let value = 0;
  for (const place of order) {
    if (chosen.length >= capacity) break;
    const full = limitsOn(problem, chosen, place);
    if (full.account || full.network || full.restriction) {
      refusals.account &&= full.account;
      refusals.network &&= full.network;
      refusals.restriction &&= full.restriction;
      continue;
    }
    chosen.push(place);
    value += at(items, place).value;
  }
  if (!refusals.account && !refusals.network && !refusals.restriction) return undefined;
  chosen.sort((a, b) => a - b);
  return { chosen, value, bound: value };
}

function at(items: readonly Choosable[], place: number): Choosable {
  return items[place] as Choosable;
}

/** Which limits keep one out, beside those chosen. */
function limitsOn(
  { items, accountRoom, isNetworkTaken, restrictedMax }: ChoiceProblem,
  chosen: readonly number[],
  place: number,
): { readonly account: boolean; readonly network: boolean; readonly restriction: boolean } {
  const { account, network, restricted } = at(items, place);
  let ofAccount = 0;
  let ofRestricted = 0;
  let networkTaken = network >= 0 && isNetworkTaken(network);
  for (const other of chosen) {
    const beside = at(items, other);
    if (beside.account === account) ofAccount += 1;
    if (beside.restricted) ofRestricted += 1;
    if (network >= 0 && beside.network === network) networkTaken = true;
  }
  return {
    account: account >= 0 && ofAccount >= accountRoom(account),
    network: networkTaken,
    restriction: restricted && ofRestricted >= restrictedMax,
  };
}
