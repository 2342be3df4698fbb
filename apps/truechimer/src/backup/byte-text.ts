const UNITS = ["bytes", "KB", "MB", "GB", "TB"] as const;
const STEP = 1_000;
const WHOLE_FROM = 10;

/** "512 bytes", "3.4 MB", "34 MB"; a kilobyte is 1,000 bytes. */
export function byteText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  const digits = unit === 0 || value >= WHOLE_FROM ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}
