// With hundreds of servers single marks are a blot: the many become a density, outliers stay marks.

/** How many of `xs` fall into each slot of `slotWidth` pixels from `left`, smoothed over the neighbours. */
export function densityOf(
  xs: readonly number[],
  left: number,
  right: number,
  slotWidth: number,
): readonly number[] {
  const slots = Math.max(1, Math.ceil((right - left) / slotWidth));
  const counts = new Array<number>(slots).fill(0);
  for (const x of xs) {
    const slot = Math.min(slots - 1, Math.max(0, Math.floor((x - left) / slotWidth)));
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  return counts.map(
    (count, slot) => ((counts[slot - 1] ?? 0) + 2 * count + (counts[slot + 1] ?? 0)) / 4,
  );
}

/** A closed area over the baseline; heights grow with the square root, so that a single one is still seen. */
export function densityPath(
  density: readonly number[],
  left: number,
  slotWidth: number,
  baseline: number,
  heightMax: number,
): string {
  const most = Math.max(...density, 1e-9);
  const points = density.map((count, slot) => {
    const x = (left + (slot + 0.5) * slotWidth).toFixed(1);
    return `${x} ${(baseline - Math.sqrt(count / most) * heightMax).toFixed(1)}`;
  });
  const end = left + density.length * slotWidth;
  return `M${left} ${baseline}L${points.join("L")}L${end.toFixed(1)} ${baseline}Z`;
}
