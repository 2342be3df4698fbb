// state.json, field by field as the NTP Pool's agent writes it, so that each of the two programs takes over the other's
// directory as it stands.

import { createHash } from "node:crypto";
import {
  type IpAddress,
  type IpFamily,
  ok,
  parseIpAddress,
  type Result,
  refused,
} from "@truechimer/base";

/** What the control plane holds of one family. */
export interface FamilyState {
  /** As the control plane sent it: pending, testing, active, paused, deleted, another word, or "" for none. */
  readonly status: string;
  readonly address: IpAddress | undefined;
}

export interface AgentState {
  /** A secret. Empty: none. */
  readonly apiKey: string;
  /** Name for people. */
  readonly name: string;
  readonly tlsName: string;
  readonly v4: FamilyState;
  readonly v6: FamilyState;
  /** The level that the control plane last asked for; empty: none. */
  readonly otlpLogLevel: string;
}

const NO_FAMILY: FamilyState = { status: "", address: undefined };

export const EMPTY_STATE: AgentState = {
  apiKey: "",
  name: "",
  tlsName: "",
  v4: NO_FAMILY,
  v6: NO_FAMILY,
  otlpLogLevel: "",
};

export interface ParsedState {
  readonly state: AgentState;
  /** Fields that had to be left out, one sentence each. */
  readonly problems: readonly string[];
}

/** Refused only where nothing can be had from it. Keys match in any case, as in the NTP Pool's agent; others are ignored. */
export function parseStateFile(text: string): Result<ParsedState, string> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    // Never with the parser's own words: they quote the text, and the text holds the key.
    return refused(text.trim() === "" ? "it is empty" : "it is not complete JSON");
  }
  if (!isObject(raw)) return refused("it is no JSON object");
  const problems: string[] = [];
  const api = objectAt(raw, "API", problems);
  const facts = objectAt(raw, "Data", problems);
  const state: AgentState = {
    apiKey: textAt(api, "APIKey", problems),
    name: textAt(facts, "Name", problems),
    tlsName: textAt(facts, "TLSName", problems),
    v4: familyAt(facts, "v4", problems),
    v6: familyAt(facts, "v6", problems),
    otlpLogLevel: textAt(facts, "OtlpLogLevel", problems),
  };
  return ok({ state, problems });
}

/** Indented by two, without a newline at the end. */
export function encodeStateFile(state: AgentState): string {
  const facts = factsOf(state);
  const file = { API: { APIKey: state.apiKey }, Data: facts, DataSha: factsDigest(facts) };
  return escapedAsGo(JSON.stringify(file, undefined, 2));
}

export function statesEqual(a: AgentState, b: AgentState): boolean {
  return a === b || encodeStateFile(a) === encodeStateFile(b);
}

function factsOf(state: AgentState): object {
  const family = ({ status, address }: FamilyState): object => ({
    Status: status,
    IP: address?.text ?? null,
  });
  return {
    Name: state.name,
    TLSName: state.tlsName,
    IPv4: family(state.v4),
    IPv6: family(state.v6),
    OtlpLogLevel: state.otlpLogLevel,
  };
}

function factsDigest(facts: object): string {
  return createHash("sha256")
    .update(escapedAsGo(JSON.stringify(facts)))
    .digest("hex");
}

/** Go's encoder writes these as escapes; the digest is over its text. */
function escapedAsGo(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const FAMILY_KEYS: Readonly<Record<IpFamily, string>> = { v4: "IPv4", v6: "IPv6" };

function familyAt(facts: JsonObject, family: IpFamily, problems: string[]): FamilyState {
  const key = FAMILY_KEYS[family];
  const raw = objectAt(facts, key, problems);
  const status = textAt(raw, "Status", problems);
  const text = textAt(raw, "IP", problems);
  if (text === "") return { status, address: undefined };
  const address = parseIpAddress(text);
  if (address.ok && address.value.family === family) return { status, address: address.value };
  problems.push(`"${text}" is not an ${key} address`);
  return { status, address: undefined };
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(object: JsonObject, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const other = Object.keys(object).find((name) => name.toLowerCase() === key.toLowerCase());
  return other === undefined ? undefined : object[other];
}

function objectAt(object: JsonObject, key: string, problems: string[]): JsonObject {
  const value = valueAt(object, key) ?? {};
  if (isObject(value)) return value;
  problems.push(`${key} is not an object`);
  return {};
}

function textAt(object: JsonObject, key: string, problems: string[]): string {
  const value = valueAt(object, key) ?? "";
  if (typeof value === "string") return value;
  problems.push(`${key} is not a text`);
  return "";
}
