export { type DescribedError, describeErrorChain } from "./describe-error-chain.ts";
export {
  createHealthRegistry,
  type HealthAnswer,
  type HealthCheck,
  type HealthRegistry,
  type HealthRegistryOptions,
} from "./health.ts";
export {
  createLogger,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type LogOutput,
  silentLogger,
} from "./logger.ts";
export {
  type Counter,
  createMetrics,
  type Gauge,
  type GaugeDescription,
  type Histogram,
  type MetricDescription,
  type MetricSample,
  type Metrics,
  type MetricsOptions,
} from "./metrics.ts";
export { type LogsPush, type LogsPushOptions, startLogsPush } from "./push-logs.ts";
export { type MetricsPushOptions, startMetricsPush } from "./push-metrics.ts";
export { redactSecrets, redactText } from "./redact-secrets.ts";
export { parseTraceparent, type TraceParent } from "./traceparent.ts";
export {
  currentTraceId,
  currentTraceparent,
  type FinishedSpan,
  inTrace,
  remoteContext,
  type Span,
  SpanKind,
  type SpanOptions,
  startTracing,
  type TracingOptions,
  withSpan,
} from "./tracing.ts";
