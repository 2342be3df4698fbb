// RFC 4180, read: fields between commas, quoted where they hold a comma, a quote or a line break. Any line break of the
// three ends a record. In linear time, each record with the line that it begins on.

export interface CsvRecord {
  /** From 1. */
  readonly line: number;
  readonly fields: readonly string[];
  /** Why the fields cannot be relied on. */
  readonly problem?: string;
}

interface Field {
  readonly text: string;
  /** Where it ends: at a comma, a line break or the end of the text. */
  readonly end: number;
  readonly problem?: string;
}

export function csvRecords(text: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const start = at;
    const fields: string[] = [];
    let problem: string | undefined;
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at) : plainField(text, at);
      fields.push(field.text);
      problem ??= field.problem;
      at = field.end;
      if (text[at] !== ",") break;
      at += 1;
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    records.push({ line, fields, ...(problem !== undefined && { problem }) });
    line += lineBreaks(text.slice(start, at));
  }
  return records;
}

function plainField(text: string, start: number): Field {
  const end = fieldEnd(text, start);
  const field = text.slice(start, end);
  if (!field.includes('"')) return { text: field, end };
  return { text: field, end, problem: "a quote stands in a field that is not quoted" };
}

function quotedField(text: string, start: number): Field {
  let close = text.indexOf('"', start + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close < 0) {
    const problem = "a quote is opened and never closed: nothing from here on was read";
    return { text: text.slice(start), end: text.length, problem };
  }
  const field = text.slice(start + 1, close).replaceAll('""', '"');
  const end = fieldEnd(text, close + 1);
  if (end === close + 1) return { text: field, end };
  return { text: field, end, problem: "something follows a closing quote" };
}

function fieldEnd(text: string, start: number): number {
  FIELD_END.lastIndex = start;
  return FIELD_END.exec(text)?.index ?? text.length;
}

const FIELD_END = /[,\r\n]/g;

function lineBreaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
