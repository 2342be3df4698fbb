// What the doctor says of one thing: how it is, what was found, and what to do.

export type Health = "ok" | "warning" | "problem" | "unreachable";

export interface DoctorFinding {
  /** One word or two, such as "certificate". */
  readonly what: string;
  /** `unreachable`: a problem of the way to somebody, not of this host's settings. */
  readonly health: Health;
  readonly found: string;
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

/** An error's own words, with those of its cause where they say more. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === "string" ? `${error.message} (${code})` : error.message;
}
