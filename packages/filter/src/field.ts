// What a field is: its type says how its values are written and compared.

/**
 * text: compared whole, `*` and `?` as wildcards. word: one of a closed set. number: a bare number. share: 0 to 100 with
 * %. offset: a signed length of time with its unit. magnitude: an offset without its sign. duration: a length of time.
 * instant: a day, a time, or now less a duration. age: how long ago an instant was. left: how long until it
 * is. flag: yes or no. id: a row's number.
 */
export type FieldType =
  | "text"
  | "word"
  | "number"
  | "share"
  | "offset"
  | "magnitude"
  | "duration"
  | "instant"
  | "age"
  | "left"
  | "flag"
  | "id";

/** Whose field it is: the first part of its full name. */
export type Entity = "server" | "monitor" | "certificate" | "check" | "event";

/** What a row is read for, and what a server turns into a column: "check.offset_ns". */
export type Column = `${Entity}.${string}`;

export interface Field {
  /** With its entity: "server.verdict". */
  readonly name: string;
  readonly entity: Entity;
  readonly type: FieldType;
  /** Where its value comes from. Several fields can look at one column: `at` and `age`. */
  readonly column: Column;
  /** Meaning and unit, in one sentence without a full stop. */
  readonly doc: string;
  /** When there is no value. Absent: there always is one. */
  readonly absent?: string;
  /** No value is a value of its own, as no reason is success: `not` and `!=` hold then. */
  readonly absentIsKnown?: true;
  /** Of a word: the closed set. */
  readonly words?: readonly string[];
  /** A word without a field is looked for here, too. */
  readonly searched?: true;
  /** A value as one would write it, with its operator: ">5ms". */
  readonly example: string;
}

/** What a list is a list of. Fields of its own entity need no prefix there. */
export type Subject = "servers" | "monitors" | "certificates" | "checks" | "events";
