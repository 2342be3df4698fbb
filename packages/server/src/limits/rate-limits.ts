// Every limit on how often, or how many at once, in one list. A limit of the cluster holds over all replicas and their
// restarts; one of a process is for each. All may be set (docs/reference/configuration.md).
//
// A window begins with the first use of a key and ends a window later; within it exactly `max` pass. So at the edge of
// two windows up to twice `max` may come close together, as with every count that does not keep each request's time.

export interface RateLimit {
  /** In settings, metrics, headers, the API and on the page. */
  readonly name: LimitName;
  /** Whom or what is counted apart. */
  readonly each: string;
  readonly counts: "requests" | "failures" | "at_once";
  readonly max: number;
  /** 0: counts what is there at once. */
  readonly windowMs: number;
  readonly scope: "cluster" | "process";
  /**
   * allowances: in `rate_limit_windows`; rows: the rows that the limit is about are counted where they are made; memory:
   * of this process.
   */
  readonly counted: "allowances" | "rows" | "memory";
  /** What a replica draws at once for one key, so that a call costs no statement; 1: each is counted in the database. */
  readonly block: number;
  /**
   * Bits of the key that are kept. Absent: all, where only those who were let in have a key, so that there are not more
   * than of them. Where strangers choose the key, two of them may share a count, and there are never more than 2^bits.
   */
  readonly keyBits?: number;
  readonly whenStoreDown: "allow" | "refuse";
  /** Why so many. */
  readonly reason: string;
  /** Why `whenStoreDown`. */
  readonly storeReason: string;
}

export type RateName =
  | "agent_calls"
  | "admin_calls"
  | "login_failures"
  | "sign_in_failures"
  | "code_failures"
  | "oidc_sign_ins"
  | "passkey_sign_ins"
  | "address_requests"
  | "check_now"
  | "check_now_target"
  | "onset_questions"
  | "onset_server"
  | "onset_cause"
  | "certificates"
  | "registrations";

export type PlaceName =
  | "registrations_waiting"
  | "registrations_waiting_of_source"
  | "enrolment_tokens"
  | "calls_in_flight"
  | "open_requests"
  | "credential_lookups"
  | "questions_waiting"
  | "password_checks"
  | "agent_streams";

export type LimitName = RateName | PlaceName;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** 65,536 counts: with a thousand strangers at once, one in 65 shares his with another. */
const STRANGERS_KEY_BITS = 16;

const CLUSTER = { scope: "cluster", counted: "allowances", block: 1 } as const;
const ROWS = {
  scope: "cluster",
  counted: "rows",
  block: 1,
  whenStoreDown: "refuse",
  storeReason: "what is counted could not be stored either",
} as const;
const PLACES = {
  scope: "process",
  counted: "memory",
  block: 1,
  counts: "at_once",
  windowMs: 0,
  whenStoreDown: "allow",
  storeReason: "nothing is asked of the database",
} as const;

export const RATE_LIMITS: readonly RateLimit[] = [
  {
    ...CLUSTER,
    name: "agent_calls",
    each: "agent",
    counts: "requests",
    max: 60_000,
    windowMs: 10 * MINUTE_MS,
    block: 500,
    whenStoreDown: "allow",
    reason:
      "ten times what an agent that checks 5,000 servers a minute asks; one in a loop asks for more than a replica answers",
    storeReason:
      "the call itself needs the database and says so; until then the limit holds for each process",
  },
  {
    ...CLUSTER,
    name: "admin_calls",
    each: "API key or session",
    counts: "requests",
    max: 30_000,
    windowMs: 10 * MINUTE_MS,
    block: 100,
    whenStoreDown: "allow",
    reason: "ten open dashboards, or a program that asks fifty times a second; not one in a loop",
    storeReason:
      "the call itself needs the database and says so; until then the limit holds for each process",
  },
  {
    ...CLUSTER,
    name: "login_failures",
    each: "address (IPv6: its /64)",
    counts: "failures",
    max: 100,
    windowMs: 10 * MINUTE_MS,
    keyBits: STRANGERS_KEY_BITS,
    whenStoreDown: "allow",
    reason:
      "ten removed agents behind one address, each of which tries its old key every two minutes; nobody guesses 256 bits, but each guess is looked up",
    storeReason: "keys are looked up in the same database: without it nobody gets in",
  },
  {
    ...CLUSTER,
    name: "sign_in_failures",
    each: "user name, whether there is such a user or not",
    counts: "failures",
    max: 20,
    windowMs: 10 * MINUTE_MS,
    keyBits: STRANGERS_KEY_BITS,
    whenStoreDown: "allow",
    reason:
      "a person who mistypes; from however many addresses, 3,000 guesses a day are nothing to a password of 15 characters",
    storeReason: "users are looked up in the same database: without it nobody gets in",
  },
  {
    ...CLUSTER,
    name: "code_failures",
    each: "user whose password was right",
    counts: "failures",
    max: 10,
    windowMs: HOUR_MS,
    whenStoreDown: "refuse",
    reason:
      "three of a million codes are good at a time: whoever knows the password finds one in a thousand days by even chance",
    storeReason: "the code is looked at with the database alone",
  },
  {
    ...CLUSTER,
    name: "oidc_sign_ins",
    each: "address (IPv6: its /64)",
    counts: "requests",
    max: 300,
    windowMs: 10 * MINUTE_MS,
    keyBits: STRANGERS_KEY_BITS,
    whenStoreDown: "refuse",
    reason: "an office that comes to work behind one address; each is a row for ten minutes",
    storeReason: "the row could not be stored either",
  },
  {
    ...CLUSTER,
    name: "passkey_sign_ins",
    each: "address (IPv6: its /64)",
    counts: "requests",
    max: 300,
    windowMs: 10 * MINUTE_MS,
    keyBits: STRANGERS_KEY_BITS,
    whenStoreDown: "refuse",
    reason: "an office that comes to work behind one address; each is a row for five minutes",
    storeReason: "the row could not be stored either",
  },
  {
    name: "address_requests",
    each: "address (IPv6: its /64), of callers that have proved nothing yet",
    counts: "requests",
    max: 12_000,
    windowMs: MINUTE_MS,
    scope: "process",
    counted: "memory",
    block: 1,
    keyBits: STRANGERS_KEY_BITS,
    whenStoreDown: "allow",
    reason:
      "5,000 agents behind one address that come back at once, with room to spare; it comes before anything is looked up, so it is cheap and each process's own",
    storeReason: "nothing is asked of the database",
  },
  {
    ...CLUSTER,
    name: "check_now",
    each: "cluster",
    counts: "requests",
    max: 120,
    windowMs: MINUTE_MS,
    whenStoreDown: "refuse",
    reason: "nobody turns the fleet on the Internet",
    storeReason: "a question goes through the database",
  },
  {
    ...CLUSTER,
    name: "check_now_target",
    each: "address and port that is asked about",
    counts: "requests",
    max: 12,
    windowMs: MINUTE_MS,
    whenStoreDown: "refuse",
    reason: "at 50 monitors each, ten samples a second to one server at the most",
    storeReason: "a question goes through the database",
  },
  {
    ...CLUSTER,
    name: "onset_questions",
    each: "cluster",
    counts: "requests",
    max: 30,
    windowMs: 10 * MINUTE_MS,
    whenStoreDown: "refuse",
    reason:
      "with six monitors each 18 traceroutes a minute: a fleet that fails all at once is traced as little as one that is well",
    storeReason: "a question goes through the database",
  },
  {
    ...CLUSTER,
    name: "onset_server",
    each: "server",
    counts: "requests",
    max: 1,
    windowMs: 15 * MINUTE_MS,
    whenStoreDown: "refuse",
    reason: "a server that fails now and then is not traced at each failure",
    storeReason: "a question goes through the database",
  },
  {
    ...CLUSTER,
    name: "onset_cause",
    each: "cause, such as an outage of one network",
    counts: "requests",
    max: 3,
    windowMs: 15 * MINUTE_MS,
    whenStoreDown: "refuse",
    reason: "of the servers behind one outage a few show where it is",
    storeReason: "a question goes through the database",
  },
  {
    ...CLUSTER,
    name: "certificates",
    each: "agent",
    counts: "requests",
    max: 120,
    windowMs: HOUR_MS,
    whenStoreDown: "refuse",
    reason:
      "renewal of the shortest life that can be configured, with room for repeats; a stolen key makes no stock of certificates",
    storeReason: "no certificate is issued whose serial number is not stored first",
  },
  {
    ...ROWS,
    name: "registrations",
    each: "IPv4 address or IPv6 /64",
    counts: "requests",
    max: 20,
    windowMs: HOUR_MS,
    reason: "one that is rejected may try again, a loop may not",
  },
  {
    ...ROWS,
    name: "registrations_waiting",
    each: "cluster",
    counts: "at_once",
    max: 1_000,
    windowMs: 0,
    reason: "more than that nobody reads; a flood must not fill the database",
  },
  {
    ...ROWS,
    name: "registrations_waiting_of_source",
    each: "IPv4 address or IPv6 /64",
    counts: "at_once",
    max: 10,
    windowMs: 0,
    reason: "a household or a laboratory, not a flood",
  },
  {
    ...ROWS,
    name: "enrolment_tokens",
    each: "cluster",
    counts: "at_once",
    max: 1_000,
    windowMs: 0,
    reason: "each that is good is a way in",
  },
  {
    ...PLACES,
    name: "calls_in_flight",
    each: "service",
    max: 512,
    reason: "some connections' worth of waiting; more would only queue, and in the end time out",
  },
  {
    ...PLACES,
    name: "open_requests",
    each: "listener and service",
    max: 32,
    reason: "what needs no key is the cheapest to flood; the agents come back by themselves",
  },
  {
    ...PLACES,
    name: "credential_lookups",
    each: "service",
    max: 16,
    reason: "keys and signatures of callers that are not known yet; more would only queue",
  },
  {
    ...PLACES,
    name: "questions_waiting",
    each: "process",
    max: 200,
    reason: "people who wait for answers of CheckNow",
  },
  {
    ...PLACES,
    name: "password_checks",
    each: "process",
    max: 32,
    reason:
      "two are worked on at a time, with 19 MiB and 50 ms each; the last of so many waits a second",
  },
  {
    ...PLACES,
    name: "agent_streams",
    each: "process",
    max: 10_000,
    reason: "a replica has the memory and the connections for so many",
  },
];

/** What an operator may change. */
export type LimitSettings = Partial<
  Record<LimitName, { readonly max?: number | undefined; readonly windowMs?: number | undefined }>
>;

/** The list with what was set. */
export function limitsWith(settings: LimitSettings): ReadonlyMap<LimitName, RateLimit> {
  return new Map(
    RATE_LIMITS.map((limit) => {
      const { max = limit.max, windowMs = limit.windowMs } = settings[limit.name] ?? {};
      return [limit.name, { ...limit, max, windowMs }];
    }),
  );
}
