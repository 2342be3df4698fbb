// How the overall scores of servers are distributed. Most are near 20, so that the bins are finer there; 10 is where the NTP
// Pool stops handing a server out.

/** Where the bins begin, and where the last one ends. */
export const SCORE_EDGES: readonly number[] = [-100, -50, 0, 5, 10, 15, 18, 19, 19.5, 20];
/** Below it the NTP Pool does not hand a server out. */
const HANDED_OUT_FROM = 10;

/** Of one server in a time. */
export interface ServerScore {
  readonly last: number;
  readonly least: number;
}

export interface ScoreBin {
  /** The last bin holds its upper edge, too. */
  readonly from: number;
  readonly to: number;
  readonly servers: number;
  /** Of them, those that were below 10 in the time. */
  readonly dipped: number;
}

export function scoreBins(scores: readonly ServerScore[]): readonly ScoreBin[] {
  const last = SCORE_EDGES.length - 2;
  const binOf = (score: number): number =>
    Math.min(
      last,
      Math.max(
        0,
        SCORE_EDGES.findLastIndex((edge) => score >= edge),
      ),
    );
  return SCORE_EDGES.slice(0, -1).map((from, bin) => {
    const own = scores.filter((score) => binOf(score.last) === bin);
    return {
      from,
      to: SCORE_EDGES[bin + 1] as number,
      servers: own.length,
      dipped: own.filter(({ least }) => least < HANDED_OUT_FROM).length,
    };
  });
}
