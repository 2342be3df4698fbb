// Traces, by option. Code everywhere speaks to the OpenTelemetry API, which does nothing until `startTracing` was
// called; the SDK is loaded only then.

import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  trace,
} from "@opentelemetry/api";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import { parseTraceparent } from "./traceparent.ts";

export { type Span, SpanKind } from "@opentelemetry/api";

const TRACER_NAME = "truechimer";
const SPAN_QUEUE_MAX = 4_096;

/** Who we are to a collector, and where it is. */
export interface TracingOptions {
  readonly serviceName: string;
  readonly version: string;
  /** OTLP over HTTP, such as "http://127.0.0.1:4318/v1/traces". */
  readonly endpoint?: string;
  /** Takes each finished span instead of `endpoint`: for tests. */
  readonly onSpanEnd?: (span: FinishedSpan) => void;
}

/** A span as tests look at it; ids in lower-case hexadecimal digits. */
export interface FinishedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Starts to record. Disposing flushes what is queued and stops. One at a time in a process. */
export async function startTracing(options: TracingOptions): Promise<AsyncDisposable> {
  const [sdk, resources, hooks] = await Promise.all([
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/context-async-hooks"),
  ]);
  const processors = [];
  if (options.endpoint !== undefined) {
    const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
    const exporter = new OTLPTraceExporter({ url: options.endpoint });
    processors.push(new sdk.BatchSpanProcessor({ exporter, maxQueueSize: SPAN_QUEUE_MAX }));
  }
  if (options.onSpanEnd !== undefined) processors.push(reportingProcessor(options.onSpanEnd));
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      "service.name": options.serviceName,
      "service.version": options.version,
    }),
    spanProcessors: processors,
  });
  const contextManager = new hooks.AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contextManager);
  propagation.setGlobalPropagator(traceparentPropagator);
  trace.setGlobalTracerProvider(provider);
  return {
    [Symbol.asyncDispose]: async () => {
      trace.disable();
      propagation.disable();
      context.disable();
      await provider.shutdown();
    },
  };
}

/** How a span stands to others, and what it is marked with. */
export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  /** The caller's context, from `remoteContext`. Absent: the current span is the parent. */
  readonly parent?: Context;
}

/** Runs `work` within a span; a rejection is recorded and passed on. */
export function withSpan<Value>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<Value>,
): Promise<Value> {
  const parent = options.parent ?? context.active();
  return trace.getTracer(TRACER_NAME).startActiveSpan(
    name,
    {
      ...(options.kind === undefined ? {} : { kind: options.kind }),
      ...(options.attributes === undefined ? {} : { attributes: { ...options.attributes } }),
    },
    parent,
    async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.recordException(error instanceof Error ? error : String(error));
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

/** The context that a peer sent in its `traceparent` header; the root when it sent none or nonsense. */
export function remoteContext(traceparent: string | undefined): Context {
  const parsed = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  if (parsed === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true });
}

/** Runs `work` as if it were called by whoever sent this `traceparent`. Absent: in the current context. */
export function inTrace<Value>(traceparent: string | undefined, work: () => Value): Value {
  return traceparent === undefined ? work() : context.with(remoteContext(traceparent), work);
}

/** The current span as a `traceparent` header, to send along. Absent: nothing is traced. */
export function currentTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  if (span === undefined) return undefined;
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 1).toString(16).padStart(2, "0")}`;
}

/** 32 hexadecimal digits, also of a trace that only the peer records. Absent: there is none. */
export function currentTraceId(): string | undefined {
  return trace.getSpanContext(context.active())?.traceId;
}

function reportingProcessor(onSpanEnd: (span: FinishedSpan) => void): SpanProcessor {
  return {
    onStart: () => {},
    onEnd: (span) =>
      onSpanEnd({
        name: span.name,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentSpanId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
      }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

const traceparentPropagator: TextMapPropagator = {
  fields: () => ["traceparent"],
  inject: (active, carrier, setter) => {
    const header = context.with(active, currentTraceparent);
    if (header !== undefined) setter.set(carrier, "traceparent", header);
  },
  extract: (active, carrier, getter) => {
    const header = getter.get(carrier, "traceparent");
    const parsed = typeof header === "string" ? parseTraceparent(header) : undefined;
    return parsed === undefined
      ? active
      : trace.setSpanContext(active, { ...parsed, isRemote: true });
  },
};
