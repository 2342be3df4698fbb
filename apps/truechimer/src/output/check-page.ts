// One check down to the packet: the four stamps with the arithmetic, the ladder of rules, the decoded fields beside
// their bytes, and how the score followed.

import { adminV1 } from "@truechimer/api";
import { formatDurationNs, formatOffset } from "@truechimer/base";
import type { Printer } from "../cli-context.ts";
import { apiOffsetText, msOf, ruleOutcomeWord, stampSourceWord } from "./api-words.ts";
import { checkJson, rttText } from "./check-rows.ts";
import { exchangeJson } from "./exchange-json.ts";
import { arithmeticJson, arithmeticText } from "./score-text.ts";
import { endpointText } from "./server-label.ts";
import { printable } from "./style.ts";
import type { Column } from "./table.ts";
import { instantText } from "./time-text.ts";

const NS_PER_SECOND = 1_000_000_000n;
const NS_DIGITS = 9;
const MS_PER_SECOND = 1_000;

export async function printCheck(
  printer: Printer,
  answer: adminV1.GetCheckResponse,
): Promise<void> {
  const { check, server, exchanges, selectedIndex, arithmetic } = answer;
  if (check === undefined) return;
  printer.json({
    ...checkJson(check),
    server: server && {
      id: server.id,
      name: server.name,
      address: server.address,
      port: server.port,
    },
    selected_index: selectedIndex ?? null,
    exchanges: exchanges.map(exchangeJson),
    arithmetic: arithmetic && arithmeticJson(arithmetic),
  });
  if (printer.format === "json") return;
  for (const line of headLines(answer, check, printer)) printer.line(line);
  for (const [at, exchange] of exchanges.entries()) {
    const chosen = at === selectedIndex ? ", the one that counts" : "";
    printer.line(`\n${printer.style.bold(`Exchange ${at + 1} of ${exchanges.length}${chosen}`)}`);
    await printExchange(printer, exchange, at === selectedIndex || exchanges.length === 1);
  }
  if (exchanges.length === 0) printer.line("\nIts packets were not kept.");
  if (arithmetic !== undefined) printArithmetic(printer, arithmetic);
}

function headLines(
  { server }: adminV1.GetCheckResponse,
  check: adminV1.Check,
  { style }: Printer,
): readonly string[] {
  const where =
    server === undefined
      ? ""
      : ` of ${printable(server.name)} (${endpointText(server.address, server.port)})`;
  const outcome =
    check.reason === ""
      ? style.green("ok")
      : `${style.yellow(check.reason)}: ${printable(check.reasonText)}`;
  return [
    `${style.bold(`Check ${check.id}`)}${where} by ${printable(check.monitorName)}`,
    `  ${style.dim("at")}         ${instantText(msOf(check.at) ?? 0)}`,
    `  ${style.dim("outcome")}    ${outcome}`,
    `  ${style.dim("offset")}     ${apiOffsetText(check.offset)}`,
    `  ${style.dim("round trip")} ${rttText(check.rttNs)}`,
  ];
}

/** `whole`: with rules and fields; the exchanges that were not chosen are told in short. */
async function printExchange(
  printer: Printer,
  exchange: adminV1.Exchange,
  whole: boolean,
): Promise<void> {
  const { style } = printer;
  const ends = `${exchange.source || "?"} → ${exchange.destination}`;
  printer.line(
    `  ${ends}${exchange.reason === "" ? "" : `  ${style.yellow(exchange.reason)}: ${printable(exchange.reasonText)}`}`,
  );
  for (const line of [...modeLines(exchange), ...stampLines(exchange)]) printer.line(`  ${line}`);
  if (exchange.delayNs !== undefined) {
    printer.line(`  offset ((T2−T1)+(T3−T4))/2 = ${apiOffsetText(exchange.offset)}`);
    printer.line(`  delay  (T4−T1)−(T3−T2)     = ${formatDurationNs(exchange.delayNs)}`);
  }
  for (const part of exchange.boundParts) {
    const { name, valueNs, text } = part;
    printer.line(style.dim(`    bound: ${name} ${formatDurationNs(valueNs)} ${printable(text)}`));
  }
  if (exchange.clockStepNs !== undefined) {
    printer.line(
      style.red(`  the agent's clock was stepped by ${formatOffset(exchange.clockStepNs)}`),
    );
  }
  if (!whole) return;
  await printRules(printer, exchange.rules);
  await printFields(printer, exchange.fields);
}

/** Which stamps were used; nothing in basic mode, where they are the exchange's own. */
function modeLines({ timedExchangeIndex }: adminV1.Exchange): readonly string[] {
  return timedExchangeIndex === undefined
    ? []
    : [
        `interleaved: times exchange ${timedExchangeIndex + 1}, whose departure this answer told (RFC 9769)`,
      ];
}

function stampLines(exchange: adminV1.Exchange): readonly string[] {
  const { t1UnixNs, t2UnixNs, t3UnixNs, t4UnixNs } = exchange;
  const bySource = (source: adminV1.StampSource): string =>
    `agent's clock, ${stampSourceWord(source)}`;
  return [
    stampLine("T1 sent    ", t1UnixNs, bySource(exchange.t1Source)),
    stampLine("T2 received", t2UnixNs, "server's clock"),
    stampLine("T3 answered", t3UnixNs, "server's clock"),
    stampLine("T4 arrived ", t4UnixNs, bySource(exchange.t4Source)),
  ];
}

function stampLine(name: string, atNs: bigint | undefined, whose: string): string {
  return atNs === undefined ? `${name}  –` : `${name}  ${nanosecondText(atNs)}  ${whose}`;
}

/** "2026-03-01T12:00:00.123456789Z" */
function nanosecondText(atNs: bigint): string {
  const fraction = ((atNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const second = new Date(Number((atNs - fraction) / NS_PER_SECOND) * MS_PER_SECOND);
  if (Number.isNaN(second.getTime())) return `${atNs} ns`;
  return second.toISOString().replace(".000Z", `.${fraction.toString().padStart(NS_DIGITS, "0")}Z`);
}

async function printRules(printer: Printer, rules: readonly adminV1.RuleResult[]): Promise<void> {
  const { green, red, dim } = printer.style;
  const colour = (outcome: adminV1.RuleOutcome): ((text: string) => string) => {
    if (outcome === adminV1.RuleOutcome.PASS) return green;
    return outcome === adminV1.RuleOutcome.FAIL ? red : dim;
  };
  const columns: readonly Column<adminV1.RuleResult>[] = [
    { title: "  rules", text: ({ outcome }) => `  ${colour(outcome)(ruleOutcomeWord(outcome))}` },
    { title: "", text: ({ title }) => printable(title) },
    { title: "source", text: ({ source }) => source },
    { title: "seen", text: ({ text }) => printable(text) },
  ];
  printer.line("");
  await printer.table({ columns, rows: rules, json: String, empty: "  no answer to judge" });
}

async function printFields(
  printer: Printer,
  fields: readonly adminV1.PacketField[],
): Promise<void> {
  if (fields.length === 0) return;
  const columns: readonly Column<adminV1.PacketField>[] = [
    { title: "  byte", align: "right", text: ({ offsetBytes }) => String(offsetBytes) },
    { title: "field", text: ({ name }) => name },
    { title: "on the wire", text: ({ rawHex }) => shortHex(rawHex) },
    { title: "value", text: ({ value }) => printable(value) },
    { title: "meaning", text: ({ meaning }) => printable(meaning) },
  ];
  printer.line("");
  await printer.table({ columns, rows: fields, json: String, empty: "" });
}

/** An extension field may be long; its first bytes tell it apart. */
const HEX_CHARACTERS_MAX = 35;

function shortHex(hex: string): string {
  return hex.length > HEX_CHARACTERS_MAX ? `${hex.slice(0, HEX_CHARACTERS_MAX - 1)}…` : hex;
}

function printArithmetic(printer: Printer, sum: adminV1.ScoreArithmetic): void {
  printer.line(`\n${printer.style.bold("Score")}  ${sum.ruleSet}`);
  printer.line(`  ${arithmeticText(sum)}`);
  printer.line(`  ${sum.rule}: ${printable(sum.ruleText)}`);
}
