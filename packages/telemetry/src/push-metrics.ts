// Metrics to a collector of OpenTelemetry (OTLP over HTTP, as JSON), from the same registry that Prometheus scrapes, so
// that both tell the same numbers and no second set of instruments is kept in memory. Counters and gauges; what is a
// distribution stays with Prometheus.

import type { Clock, UnixNs } from "@truechimer/base";
import type { MetricSample, Metrics } from "./metrics.ts";
import { otlpAttributes, postOtlp } from "./post-otlp.ts";

/** What is pushed, where to, and as whom. */
export interface MetricsPushOptions {
  readonly metrics: Metrics;
  /** OTLP over HTTP, such as "http://127.0.0.1:4318/v1/metrics". */
  readonly endpoint: string;
  /** Of the resource: service.name, service.version and what else tells this process from others. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Default 60,000. */
  readonly intervalMs?: number;
  /** Told once when pushing begins to fail, and again after it went well in between. */
  readonly onFailure?: (error: unknown) => void;
}

const INTERVAL_MS = 60_000;
const CUMULATIVE = 2;

/** Pushes from now on. Disposing pushes once more and stops. Never rejects because of the collector. */
export function startMetricsPush(options: MetricsPushOptions): AsyncDisposable {
  const { clock, intervalMs = INTERVAL_MS } = options;
  const startedAtNs = clock.nowNs();
  let failing = false;
  let cancel = (): void => {};
  let pushing: Promise<void> = Promise.resolve();
  const push = async (): Promise<void> => {
    try {
      await pushOnce(options, startedAtNs);
      failing = false;
    } catch (error) {
      if (!failing) options.onFailure?.(error);
      failing = true;
    }
  };
  const schedule = (): void => {
    cancel = clock.setTimer(intervalMs, () => {
      pushing = push().then(schedule);
    });
  };
  schedule();
  return {
    [Symbol.asyncDispose]: async () => {
      cancel();
      await pushing;
      cancel();
      await push();
    },
  };
}

async function pushOnce(options: MetricsPushOptions, startedAtNs: UnixNs): Promise<void> {
  const { clock, endpoint, metrics } = options;
  const samples = await metrics.samples();
  const body = encodeMetrics({ ...options, samples, startedAtNs, atNs: clock.nowNs() });
  await postOtlp({ endpoint, body, clock });
}

interface EncodeOptions {
  readonly samples: readonly MetricSample[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly startedAtNs: UnixNs;
  readonly atNs: UnixNs;
}

/** An ExportMetricsServiceRequest of OTLP 1.x in its JSON form. */
function encodeMetrics({ samples, attributes, startedAtNs, atNs }: EncodeOptions): unknown {
  const metrics = samples.map(({ name, help, kind, values }) => {
    const dataPoints = values.map(({ labels, value }) => ({
      attributes: otlpAttributes(labels),
      startTimeUnixNano: String(startedAtNs),
      timeUnixNano: String(atNs),
      asDouble: value,
    }));
    const body =
      kind === "counter"
        ? { sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
        : { gauge: { dataPoints } };
    return { name, description: help, ...body };
  });
  return {
    resourceMetrics: [
      {
        resource: { attributes: otlpAttributes(attributes) },
        scopeMetrics: [{ scope: { name: "truechimer" }, metrics }],
      },
    ],
  };
}
