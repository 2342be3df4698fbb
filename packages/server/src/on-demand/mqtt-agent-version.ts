// Which agents answer on-demand checks by the broker: v4.0.4 and later, and v3.8.6 alone of the versions before.

const FORM = /^v(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
const FIRST = [4, 0, 4] as const;
const OLDER = [3, 8, 6] as const;
const DEVELOPMENT = "dev-snapshot";

/** A pre-release comes before its release. Semantic Versioning 2.0.0, section 11. */
export function answersNtpRequests(version: string): boolean {
  if (version === DEVELOPMENT) return true;
  const match = FORM.exec(version);
  if (match === null) return false;
  const parts = [match[1], match[2], match[3]].map(Number);
  const isPreRelease = match[4] !== undefined;
  if (compare(parts, OLDER) === 0) return !isPreRelease;
  const order = compare(parts, FIRST);
  return order > 0 || (order === 0 && !isPreRelease);
}

function compare(parts: readonly number[], other: readonly number[]): number {
  for (const [index, part] of parts.entries()) {
    const difference = part - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
