// What the doctor says of one thing: how it is, what was found, and what to do.

export type Health = "ok" | "warning" | "problem" | "unreachable";

export interface DoctorFinding {
  /** One word or two, such as "certificate". */
  readonly what: string;
  /** `unreachable`: a problem of the way to somebody, not of this host's settings. */
  readonly health: Health;
  readonly found: string;
  /** Absent: it goes without saying. */
  readonly expected?: string;
  /** Absent: nothing. */
  readonly remedy?: string;
}

type Make = (found: string, remedy?: string) => DoctorFinding;

/** Makers of findings about `what`. */
export function findingsOf(what: string): Readonly<Record<Health, Make>> {
  const make =
    (health: Health): Make =>
    (found, remedy) => ({ what, health, found, ...(remedy === undefined ? {} : { remedy }) });
  return {
    ok: make("ok"),
    warning: make("warning"),
    problem: make("problem"),
    unreachable: make("unreachable"),
  };
}

export interface Judgement {
  readonly what: string;
  /** In the order of weight: the first that is true counts. */
  readonly problem?: boolean;
  readonly warning?: boolean;
  readonly found: string;
  readonly expected: string;
  /** Told where something is wrong. */
  readonly remedy: string;
}

/** A finding by what was expected. */
export function judged({ what, found, expected, remedy, ...bad }: Judgement): DoctorFinding {
  if (bad.problem === true) return { what, health: "problem", found, expected, remedy };
  if (bad.warning === true) return { what, health: "warning", found, expected, remedy };
  return { what, health: "ok", found, expected };
}

/** An error's own words, with those of its cause where they say more. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === "string" ? `${error.message} (${code})` : error.message;
}
