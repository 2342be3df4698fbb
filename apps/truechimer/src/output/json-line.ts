// One JSON object a line, as programs read them. Nanoseconds are exact: a bigint beyond JavaScript's safe integers is
// written as a string, any other as a number.

/** Without the line break. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "bigint" ? jsonNumber(inner) : inner,
  );
}

function jsonNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
