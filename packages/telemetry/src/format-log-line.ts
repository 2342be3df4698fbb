// A JSON log line as a person reads it: time of day, level, message, then the fields.

const DIM = "\u001b[2m";
const RESET = "\u001b[0m";
const LEVEL_COLOURS: Readonly<Record<string, string>> = {
  debug: DIM,
  info: "\u001b[36m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};
const LEVEL_WIDTH = 5;
const TIME_START = "2026-01-01T".length;
const TIME_END = "2026-01-01T00:00:00.000".length;

/** How a line is dressed. */
export interface FormatLogLineOptions {
  readonly colour: boolean;
}

/** Always ends in a line feed; a line that is no JSON object is passed on as it is. */
export function formatLogLine(line: string, options: FormatLogLineOptions): string {
  const record = parseObject(line);
  if (record === undefined) return line.endsWith("\n") ? line : `${line}\n`;
  const { level, time, message, error, ...fields } = record;
  const paint = (colour: string, text: string): string =>
    options.colour ? `${colour}${text}${RESET}` : text;
  const label = textOf(level);
  const parts = [
    paint(DIM, textOf(time).slice(TIME_START, TIME_END)),
    paint(LEVEL_COLOURS[label] ?? "", label.padEnd(LEVEL_WIDTH)),
    textOf(message),
    ...Object.entries(fields).map(([key, value]) => paint(DIM, `${key}=${fieldText(value)}`)),
  ];
  return `${parts.join(" ")}\n${errorText(error)}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function fieldText(value: unknown): string {
  if (typeof value === "string") return /[\s"=]/.test(value) ? JSON.stringify(value) : value;
  return JSON.stringify(value) ?? "";
}

const FRAMES_OF_ERROR = 6;
const FRAMES_OF_CAUSE = 2;

function errorText(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { causes = [], ...outer } = error as { readonly causes?: readonly object[] };
  const chain = [outer, ...causes] as readonly Readonly<Record<string, unknown>>[];
  return chain.map((each, depth) => `${oneErrorText(each, depth)}\n`).join("");
}

function oneErrorText(error: Readonly<Record<string, unknown>>, depth: number): string {
  const code = textOf(error["code"]);
  const name = `${textOf(error["name"])}${code === "" ? "" : ` [${code}]`}`;
  const head = `    ${depth === 0 ? "" : "caused by "}${name}: ${textOf(error["message"])}`;
  const frames = textOf(error["stack"])
    .split("\n")
    .filter((frame) => /^\s+at /.test(frame))
    .slice(0, depth === 0 ? FRAMES_OF_ERROR : FRAMES_OF_CAUSE)
    .map((frame) => `      ${frame.trim()}`);
  return [head, ...frames].join("\n");
}
