// How values of PostgreSQL become values of JavaScript: losslessly, for this pool alone (the driver's process-wide
// parsers stay untouched). int8 is a bigint, always; timestamptz keeps its microseconds; a date is its text.

import pg from "pg";
import { parseTimestamptz } from "./timestamptz.ts";

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const DATE_ARRAY = 1182;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const TIMESTAMPTZ_ARRAY = 1185;
const TEXT_ARRAY = 1009;
const XID8 = 5069;

type Parser = (text: string) => unknown;

/** The driver's own lookup; its declaration knows few of the types and none of the arrays. */
const driverParser = pg.types.getTypeParser as (oid: number, format?: string) => unknown;

const parseTextArray = driverParser(TEXT_ARRAY) as (text: string) => readonly (string | null)[];

const arrayOf =
  (parse: Parser): Parser =>
  (text) =>
    parseTextArray(text).map((element) => (element === null ? null : parse(element)));

const asText: Parser = (text) => text;

const PARSERS: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [INT8, BigInt],
  [XID8, BigInt],
  [INT8_ARRAY, arrayOf(BigInt)],
  [DATE, asText],
  [DATE_ARRAY, arrayOf(asText)],
  [TIMESTAMP, asText],
  [TIMESTAMPTZ, parseTimestamptz],
  [TIMESTAMPTZ_ARRAY, arrayOf(parseTimestamptz)],
]);

/** The `types` of a `pg` client or pool. */
export const driverTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: string) =>
    (format === "binary" ? undefined : PARSERS.get(oid)) ??
    driverParser(oid, format)) as typeof pg.types.getTypeParser,
};
