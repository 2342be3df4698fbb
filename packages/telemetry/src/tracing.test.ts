import { afterEach, describe, expect, test } from "vitest";
import {
  currentTraceId,
  currentTraceparent,
  type FinishedSpan,
  remoteContext,
  startTracing,
  withSpan,
} from "./tracing.ts";

const REMOTE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let tracing: AsyncDisposable | undefined;
afterEach(async () => {
  await tracing?.[Symbol.asyncDispose]();
  tracing = undefined;
});

async function recordSpans(): Promise<FinishedSpan[]> {
  const spans: FinishedSpan[] = [];
  tracing = await startTracing({
    serviceName: "test",
    version: "0",
    onSpanEnd: (span) => spans.push(span),
  });
  return spans;
}

describe("without tracing", () => {
  test("work runs all the same, and there is no trace to tell of", async () => {
    expect(await withSpan("work", {}, () => Promise.resolve(7))).toBe(7);
    expect(currentTraceId()).toBeUndefined();
    expect(currentTraceparent()).toBeUndefined();
  });
});

describe("with tracing", () => {
  test("a peer's trace goes on through nested work and asynchronous steps", async () => {
    const spans = await recordSpans();
    await withSpan("call", { parent: remoteContext(REMOTE) }, async () => {
      await Promise.resolve();
      await withSpan("store", { attributes: { rows: 3 } }, () => {
        expect(currentTraceId()).toBe("0af7651916cd43dd8448eb211c80319c");
        expect(currentTraceparent()).toMatch(
          /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/,
        );
        return Promise.resolve();
      });
    });
    expect(spans.map(({ name }) => name)).toEqual(["store", "call"]);
    const [store, call] = spans;
    expect(store?.parentSpanId).toBe(call?.spanId);
    expect(call?.parentSpanId).toBe("b7ad6b7169203331");
    expect(store?.attributes).toEqual({ rows: 3 });
  });

  test("a failure ends its span and is passed on", async () => {
    const spans = await recordSpans();
    const failing = withSpan("call", {}, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(spans).toHaveLength(1);
  });

  test("nonsense from a peer begins a trace of our own", async () => {
    const spans = await recordSpans();
    await withSpan("call", { parent: remoteContext("nonsense") }, () => Promise.resolve());
    expect(spans[0]?.parentSpanId).toBeUndefined();
  });
});
