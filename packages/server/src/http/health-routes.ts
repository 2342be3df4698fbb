// Live, ready, startup: open to everyone, because whoever asks has neither a session nor our name.

import type { HealthAnswer } from "@truechimer/telemetry";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ServerContext } from "../context.ts";
import { type LoadStatusBody, loadStatusBody } from "../history/load-status.ts";

export function registerHealth(app: FastifyInstance, context: ServerContext): void {
  const { health, roles } = context;
  const answer = async (reply: FastifyReply, state: HealthAnswer): Promise<void> => {
    await reply
      .code(state.ok ? 200 : 503)
      .header("cache-control", "no-store")
      .send({
        status: state.ok ? "ok" : "failing",
        roles,
        checks: state.checks,
        ...historyOf(context),
      });
  };
  app.get("/healthz/live", async (_request, reply) => answer(reply, health.live()));
  app.get("/healthz/ready", async (_request, reply) => answer(reply, await health.ready()));
  app.get("/healthz/startup", async (_request, reply) => answer(reply, health.startup()));
}

function historyOf({ history, clock }: ServerContext): { readonly history?: LoadStatusBody } {
  if (history === undefined) return {};
  const nowMs = Number(clock.monotonicNs() / 1_000_000n);
  return { history: loadStatusBody(history.progress(), nowMs) };
}
