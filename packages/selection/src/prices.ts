// Prices of what a flow does not hold by itself. Every kind takes part in what a monitor is worth, gives back a constant so
// that no allowed choice loses by it, and moves against what a choice breaks.

/** Prices of one kind. */
export interface Prices {
  /** What they add to a monitor's worth. */
  worthOf(place: number): number;
  /** What they give back, whoever is chosen; `room` more at most. */
  constant(room: number): number;
  /** How much the choice strains them, squared. 0: for it they are exact. */
  strain(picked: readonly number[], room: number): number;
  /** After `strain`, so far for each unit of it. False: nothing has moved. */
  move(step: number): boolean;
}
