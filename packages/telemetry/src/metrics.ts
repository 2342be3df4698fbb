// The Prometheus registry of a process. Metric names live with the code that counts; this file only makes the registry.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Seconds. From an in-memory answer to the limit of a slow statement. */
const DURATION_BUCKETS_SECONDS: readonly number[] = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20,
];

export interface MetricsOptions {
  readonly version: string;
  /** Event loop, memory, garbage collection, file handles of the process. Default true. */
  readonly processMetrics?: boolean;
}

/** The registry of a process. Names end in their unit, counters in `_total`. */
export interface Metrics {
  counter<Label extends string = never>(description: MetricDescription<Label>): Counter<Label>;
  gauge<Label extends string = never>(description: GaugeDescription<Label>): Gauge<Label>;
  histogram<Label extends string = never>(description: MetricDescription<Label>): Histogram<Label>;
  /** The text that Prometheus scrapes, with its content type. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Every counter and gauge with its values now, by the name that OpenTelemetry knows it by. */
  samples(): Promise<readonly MetricSample[]>;
}

/** One metric with all its series. */
export interface MetricSample {
  /** `openTelemetryName` where the metric has one, else its name. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly values: readonly {
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

/** A metric's name, its meaning in a sentence, and the labels that tell its series apart. */
export interface MetricDescription<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly Label[];
  /** Where OpenTelemetry's users know it by another name, such as one with dots. */
  readonly openTelemetryName?: string;
}

/** A gauge, which may also be asked for its value when somebody scrapes. */
export interface GaugeDescription<Label extends string> extends MetricDescription<Label> {
  /** Sets the value when somebody scrapes, for values that cost a query. */
  readonly collect?: (gauge: Gauge<Label>) => void | Promise<void>;
}

export type { Counter, Gauge, Histogram };

/** Asking twice for one name gives the same metric. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "truechimer_build_info",
    help: "Always 1; the version is in the label.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version: options.version }, 1);
  const otherNames = new Map<string, string>();
  const known = <Kind>(
    { name, openTelemetryName }: Pick<MetricDescription<string>, "name" | "openTelemetryName">,
    create: () => Kind,
  ): Kind => {
    if (openTelemetryName !== undefined) otherNames.set(name, openTelemetryName);
    return (registry.getSingleMetric(name) as Kind | undefined) ?? create();
  };
  return {
    counter: (description) =>
      known(description, () => new Counter({ ...labelled(description), registers: [registry] })),
    gauge: <Label extends string>(description: GaugeDescription<Label>): Gauge<Label> =>
      known(description, () => {
        const { collect } = description;
        const gauge: Gauge<Label> = new Gauge<Label>({
          ...labelled(description),
          registers: [registry],
          ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
        });
        return gauge;
      }),
    histogram: (description) =>
      known(
        description,
        () =>
          new Histogram({
            ...labelled(description),
            buckets: [...DURATION_BUCKETS_SECONDS],
            registers: [registry],
          }),
      ),
    scrape: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    samples: () => samplesOf(registry, otherNames),
  };
}

async function samplesOf(
  registry: Registry,
  otherNames: ReadonlyMap<string, string>,
): Promise<readonly MetricSample[]> {
  const found = await registry.getMetricsAsJSON();
  return found.flatMap(({ name, help, type, values }) => {
    const kind = String(type);
    if (kind !== "counter" && kind !== "gauge") return [];
    return [{ name: otherNames.get(name) ?? name, help, kind, values: values.map(sampleValue) }];
  });
}

function sampleValue({
  labels,
  value,
}: {
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  readonly value: number;
}): MetricSample["values"][number] {
  const set = Object.entries(labels).filter((entry): entry is [string, string | number] => {
    return entry[1] !== undefined;
  });
  return { labels: Object.fromEntries(set), value };
}

function labelled<Label extends string>(
  description: MetricDescription<Label>,
): { name: string; help: string; labelNames: Label[] } {
  return {
    name: description.name,
    help: description.help,
    labelNames: [...(description.labelNames ?? [])],
  };
}
