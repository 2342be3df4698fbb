// CSV with a server a record. With a heading, the columns may stand anywhere among others; without one they are host,
// port, name.

import { type CsvRecord, csvRecords } from "./csv-records.ts";
import type { Finding, Place } from "./finding.ts";
import { serverFinding } from "./server-finding.ts";

interface Columns {
  readonly host: number;
  readonly port: number;
  readonly name: number;
}

/** The first of them that the heading has. A name alone is the host. */
const HOST_TITLES = ["host", "hostname", "address", "ip", "server", "name"];
const WITHOUT_HEADING: Columns = { host: 0, port: 1, name: 2 };

export function parseCsvServers(text: string): readonly Finding[] {
  const records = csvRecords(text).filter(({ fields }) => fields.some((field) => field.trim()));
  const heading = headingOf(records[0]);
  const rows = heading === undefined ? records : records.slice(1);
  return rows.map((record) => recordFinding(record, heading ?? WITHOUT_HEADING));
}

/** Absent: the first record is a server. */
function headingOf(first: CsvRecord | undefined): Columns | undefined {
  const titles = (first?.fields ?? []).map((field) => field.trim().toLowerCase());
  const title = HOST_TITLES.find((each) => titles.includes(each));
  if (title === undefined) return undefined;
  const name = title === "name" ? -1 : titles.indexOf("name");
  return { host: titles.indexOf(title), port: titles.indexOf("port"), name };
}

function recordFinding({ line, fields, problem }: CsvRecord, columns: Columns): Finding {
  const place: Place = { line, text: fields.join(",") };
  const field = (index: number): string => fields[index]?.trim() ?? "";
  const host = field(columns.host);
  if (host.startsWith("#")) return { ...place, outcome: "passed_over" };
  if (problem !== undefined) return { ...place, outcome: "bad", message: problem };
  const port = field(columns.port);
  const label = field(columns.name);
  return serverFinding(place, { namedAs: "server", host, port: port || undefined, label });
}
