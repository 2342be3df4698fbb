// A day's score in a cell: no axes, gaps stay gaps, the level of 10 as a hairline.

import type { ReactNode } from "react";

const WIDTH = 96;
const HEIGHT = 24;
const PAD = 2;
const TOP = 20;
const NEUTRAL = 10;

/** Path segments of a series whose NaNs are gaps; a lone point becomes a dot. */
function sparklinePath(values: readonly number[], width: number, height: number): string {
  const low = Math.min(0, ...values.filter((value) => !Number.isNaN(value)));
  const x = (index: number): string =>
    (values.length < 2 ? width / 2 : (index / (values.length - 1)) * width).toFixed(1);
  const y = (value: number): string =>
    (height - PAD - ((value - low) / (TOP - low)) * (height - 2 * PAD)).toFixed(1);
  let path = "";
  let open = false;
  for (const [index, value] of values.entries()) {
    if (Number.isNaN(value)) {
      open = false;
      continue;
    }
    const alone = !open && Number.isNaN(values[index + 1] ?? Number.NaN);
    path += `${open ? "L" : "M"}${x(index)} ${y(value)}${alone ? "h0.1" : ""}`;
    open = true;
  }
  return path;
}

/** The sparkline with a sentence for those who cannot see it. */
export function Sparkline(props: { readonly values: readonly number[] }): ReactNode {
  const known = props.values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return <span className="nothing">no data</span>;
  const low = Math.min(0, ...known);
  const neutral = HEIGHT - PAD - ((NEUTRAL - low) / (TOP - low)) * (HEIGHT - 2 * PAD);
  const label = `score over 24 hours: lowest ${Math.min(...known).toFixed(1)}, highest ${Math.max(...known).toFixed(1)}, last ${(known.at(-1) ?? 0).toFixed(1)}`;
  return (
    <svg className="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <title>{label}</title>
      <line x1={0} x2={WIDTH} y1={neutral} y2={neutral} />
      <path d={sparklinePath(props.values, WIDTH, HEIGHT)} />
    </svg>
  );
}
