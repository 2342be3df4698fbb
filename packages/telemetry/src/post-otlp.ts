// One request to a collector of OpenTelemetry: OTLP over HTTP, as JSON, bounded in time.

import type { Clock } from "@truechimer/base";

/** A collector that is slower than this is as good as away. */
const POST_TIMEOUT_MS = 10_000;
const FAILURE_BYTES_MAX = 200;

/** The collector answered, and does not take it. */
export class OtlpRefusal extends Error {
  override readonly name = "OtlpRefusal";
  /** HTTP status. */
  readonly status: number;

  constructor(endpoint: string, status: number, reason: string) {
    super(
      `${endpoint} answered ${status}: ${reason.slice(0, FAILURE_BYTES_MAX) || "no reason given"}`,
    );
    this.status = status;
  }
}

/** Rejects with an OtlpRefusal, or with what kept the collector from answering. */
export async function postOtlp(options: {
  readonly endpoint: string;
  readonly body: unknown;
  readonly clock: Clock;
}): Promise<void> {
  const { endpoint, body, clock } = options;
  const late = new AbortController();
  const cancel = clock.setTimer(POST_TIMEOUT_MS, () => {
    late.abort(new Error(`no answer of ${endpoint} within ${POST_TIMEOUT_MS / 1_000} s`));
  });
  try {
    const answer = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: late.signal,
    });
    const text = await answer.text();
    if (!answer.ok) throw new OtlpRefusal(endpoint, answer.status, text);
  } finally {
    cancel();
  }
}

/** Attributes in OTLP's JSON form; all are texts. */
export function otlpAttributes(
  pairs: Readonly<Record<string, string | number>>,
): readonly unknown[] {
  return Object.entries(pairs).map(([key, value]) => ({
    key,
    value: { stringValue: String(value) },
  }));
}
