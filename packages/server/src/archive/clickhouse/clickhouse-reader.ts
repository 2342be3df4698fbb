// Results back from ClickHouse. Statements are made of whole numbers, days and plain words alone, so nothing in them needs quoting.

import { assert, type Clock } from "@truechimer/base";
import {
  nsFromTimestamptz,
  startOfDay,
  type Timestamptz,
  timestamptzFromNs,
  utcDayOf,
  type VerdictName,
} from "@truechimer/database";
import type {
  ArchivedEventsQuestion,
  ArchivedHistory,
  ArchiveReader,
  ReadBackDetails,
  ReadBackRow,
} from "../archive-reader.ts";
import type { ArchivedEvent } from "../archived-event.ts";
import { rememberedDay } from "../remembered-day.ts";

/** The rows of a statement; 64-bit numbers are texts. */
export type AskClickHouse = (statement: string) => Promise<readonly unknown[]>;

const DAY_US = 86_400_000_000;
const NS_PER_US = 1_000n;
/** Days that are looked through at once: one at first, and more where there is little. */
const WINDOW_GROWTH = 4;
const WINDOW_DAYS_MAX = 366;
/** What was written twice, and not merged yet, once. */
const ONCE = "limit 1 by ts_us, id";
const COLUMNS = `id, ts_us, server_id, server_name, monitor_id, monitor_name, offset_ns, bound_ns, rtt_ns, stratum, leap,
  reason, step, score`;
const EVENT_COLUMNS = `id, ts_us, kind, server_id, server_name, monitor_id, monitor_name, verdict_before, verdict_after, reason,
  text, fault_before, fault_after, rule_set, evidence`;
const DETAILS = ", score_before, rule, no_response, samples_sent, samples_answered, attributes";

export function createClickHouseReader(
  ask: AskClickHouse,
  clock: Pick<Clock, "monotonicNs">,
): ArchiveReader {
  const read = async (statement: string): Promise<readonly ReadBackRow[]> =>
    ((await ask(statement)) as readonly ClickHouseRow[]).map(readBackRow);
  return {
    keepsPackets: false,
    oldest: rememberedDay(clock, () => oldestDay(ask)),
    results: (question) => {
      const { writtenBy, serverIds, details } = question;
      const columns = `${COLUMNS}${details === undefined ? "" : DETAILS}`;
      const which = `is_score = ${writtenBy === "score" ? 1 : 0}${ofServers(serverIds)}`;
      return alongTime(question, (window, end) =>
        read(`select ${columns} from results where ${window} and ${which} ${end}`),
      );
    },
    events: (question) => {
      const which = `${kindIs(question.kind)}${ofServers(question.serverIds)}`;
      return alongTime(question, async (window, end) =>
        (
          (await ask(
            `select ${EVENT_COLUMNS} from events where ${window} and ${which} ${end}`,
          )) as readonly EventRow[]
        ).map(readBackEvent),
      );
    },
    countHistory: async (asked) => {
      const rows = (await ask(
        `select uniqExact(ts_us, id) as rows from results where ${selected(asked)} group by monitor_id`,
      )) as readonly { readonly rows: string }[];
      const counts = rows.map((row) => Number(row.rows));
      return {
        rowsTotal: counts.reduce((sum, count) => sum + count, 0),
        rowsMax: Math.max(0, ...counts),
        series: counts.length,
      };
    },
    history: async (asked, slots) => {
      const which = selected(asked);
      const picked = slots === undefined ? "" : ` and id in (${extremes(asked, slots)})`;
      return await read(
        `select ${COLUMNS} from results where ${which}${picked} order by ts_us, id ${ONCE}`,
      );
    },
    result: async (id) => {
      const [row] = await read(
        `select ${COLUMNS}${DETAILS} from results where id = ${id} order by ts_us desc limit 1`,
      );
      return row?.details === undefined ? undefined : { ...row, details: row.details };
    },
  };
}

/**
 * The next rows of a list, some days at a time.
 *
 * @param read given which rows, and their order and limit.
 */
async function alongTime<Row>(
  {
    from,
    to,
    order,
    place,
    rowsMax,
  }: Pick<ArchivedEventsQuestion, "from" | "to" | "order" | "place" | "rowsMax">,
  read: (window: string, end: string) => Promise<readonly Row[]>,
): Promise<{ readonly rows: readonly Row[]; readonly isOver: boolean }> {
  const rows: Row[] = [];
  const [fromUs, toUs, placeUs] = [usOf(from), usOf(to), usOf(place.ts)];
  const isNewest = order === "newest";
  const [sign, direction] = isNewest ? ["<", "desc"] : [">", "asc"];
  let edgeUs = isNewest ? Math.min(toUs, placeUs + 1) : Math.max(fromUs, placeUs);
  for (let days = 1; isNewest ? edgeUs > fromUs : edgeUs < toUs; ) {
    const nextUs = isNewest
      ? Math.max(fromUs, startOfDayUs(edgeUs - 1) - (days - 1) * DAY_US)
      : Math.min(toUs, startOfDayUs(edgeUs) + days * DAY_US);
    const window = isNewest ? within(nextUs, edgeUs) : within(edgeUs, nextUs);
    rows.push(
      ...(await read(
        `${window} and (ts_us, id) ${sign} (${placeUs}, ${place.id})`,
        `order by ts_us ${direction}, id ${direction} ${ONCE} limit ${rowsMax - rows.length}`,
      )),
    );
    if (rows.length >= rowsMax) return { rows, isOver: false };
    edgeUs = nextUs;
    days = Math.min(WINDOW_DAYS_MAX, days * WINDOW_GROWTH);
  }
  return { rows, isOver: true };
}

const KIND_PATTERN = /^[a-z_]+$/;

function kindIs(kind: string | undefined): string {
  if (kind === undefined) return "1";
  assert(KIND_PATTERN.test(kind), `"${kind}" is no kind of event`);
  return `kind = '${kind}'`;
}

/** From the catalogue: asking the rows would look at all of them. */
async function oldestDay(ask: AskClickHouse): Promise<Timestamptz | undefined> {
  const [row] = (await ask(
    `select toString(min(min_date)) as day, count() as parts from system.parts
     where database = currentDatabase() and table = 'results' and active`,
  )) as readonly { readonly day: string; readonly parts: string }[];
  return row === undefined || Number(row.parts) === 0 ? undefined : startOfDay(row.day);
}

/** Ids of what is kept of each series and slot. 0 stands for none. */
function extremes(asked: ArchivedHistory, slots: number): string {
  const fromUs = usOf(asked.from);
  const slotUs = Math.max(1, Math.ceil((usOf(asked.to) - fromUs) / slots));
  const good = "reason = '' and isNotNull(offset_ns)";
  return `select arrayJoin([
      argMinIf(id, assumeNotNull(offset_ns), ${good}), argMaxIf(id, assumeNotNull(offset_ns), ${good}),
      argMin(id, score), argMinIf(id, ts_us, reason != '')])
    from results where ${selected(asked)}
    group by monitor_id, intDiv(ts_us - ${fromUs}, ${slotUs})`;
}

function selected({ serverId, from, to, monitorIds, scorerIds }: ArchivedHistory): string {
  const scorers = scorerIds.length === 0 ? "" : ` or monitor_id in (${scorerIds.join()})`;
  const monitors =
    monitorIds === undefined
      ? "is_score = 0"
      : monitorIds.length === 0
        ? "0"
        : `monitor_id in (${monitorIds.join()})`;
  return `${within(usOf(from), usOf(to))} and server_id = ${serverId} and (${monitors}${scorers})`;
}

/** By the day first, which leads the key. */
function within(fromUs: number, toUs: number): string {
  return `day >= '${dayOf(fromUs)}' and day <= '${dayOf(toUs - 1)}' and ts_us >= ${fromUs} and ts_us < ${toUs}`;
}

function ofServers(ids: readonly bigint[] | undefined): string {
  if (ids === undefined) return "";
  return ids.length === 0 ? " and 0" : ` and server_id in (${ids.join()})`;
}

function dayOf(us: number): string {
  return utcDayOf(BigInt(us) * NS_PER_US);
}

function startOfDayUs(us: number): number {
  return us - (us % DAY_US);
}

/** Microseconds since 1970, which 53 bits hold until the year 2255. */
function usOf(instant: Timestamptz): number {
  return Number(nsFromTimestamptz(instant) / NS_PER_US);
}

interface ClickHouseRow {
  readonly id: string;
  readonly ts_us: string;
  readonly server_id: string;
  readonly server_name: string;
  readonly monitor_id: string;
  readonly monitor_name: string;
  readonly offset_ns: string | null;
  readonly bound_ns: string | null;
  readonly rtt_ns: string | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly reason: string;
  readonly step: number;
  readonly score: number;
  readonly score_before?: number | null;
  readonly rule?: string;
  readonly no_response?: number;
  readonly samples_sent?: number;
  readonly samples_answered?: number;
  readonly attributes?: string;
}

function readBackRow(row: ClickHouseRow): ReadBackRow {
  return {
    id: BigInt(row.id),
    ts: timestamptzFromNs(BigInt(row.ts_us) * NS_PER_US),
    server_id: BigInt(row.server_id),
    server_name: row.server_name,
    monitor_id: BigInt(row.monitor_id),
    monitor_name: row.monitor_name,
    offset_ns: wholeOf(row.offset_ns),
    bound_ns: wholeOf(row.bound_ns),
    rtt_ns: wholeOf(row.rtt_ns),
    stratum: row.stratum,
    leap: row.leap,
    reason: row.reason === "" ? null : row.reason,
    step: row.step,
    score: row.score,
    has_evidence: false,
    ...(row.rule === undefined ? {} : { details: detailsOf(row) }),
  };
}

function detailsOf(row: ClickHouseRow): ReadBackDetails {
  return {
    score_before: row.score_before ?? null,
    rule: row.rule ?? "",
    no_response: row.no_response === 1,
    samples_sent: row.samples_sent ?? 0,
    samples_answered: row.samples_answered ?? 0,
    attributes: row.attributes === undefined || row.attributes === "" ? null : row.attributes,
    packets: null,
  };
}

interface EventRow {
  readonly id: string;
  readonly ts_us: string;
  readonly kind: string;
  readonly server_id: string | null;
  readonly server_name: string;
  readonly monitor_id: string | null;
  readonly monitor_name: string;
  readonly verdict_before: VerdictName | "";
  readonly verdict_after: VerdictName | "";
  readonly reason: string;
  readonly text: string;
  readonly fault_before: string | null;
  readonly fault_after: string | null;
  readonly rule_set: string;
  readonly evidence: string;
}

function readBackEvent(row: EventRow): ArchivedEvent {
  return {
    id: BigInt(row.id),
    at: timestamptzFromNs(BigInt(row.ts_us) * NS_PER_US),
    kind: row.kind,
    server_id: wholeOf(row.server_id),
    server_name: row.server_name,
    monitor_id: wholeOf(row.monitor_id),
    monitor_name: row.monitor_name,
    verdict_before: row.verdict_before === "" ? null : row.verdict_before,
    verdict_after: row.verdict_after === "" ? null : row.verdict_after,
    reason: row.reason,
    text: row.text,
    fault_before: row.fault_before,
    fault_after: row.fault_after,
    verdict_rules: row.rule_set === "" ? null : row.rule_set,
    evidence: row.evidence === "" ? null : row.evidence,
  };
}

function wholeOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
