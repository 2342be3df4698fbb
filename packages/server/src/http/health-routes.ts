// Live, ready, startup: open to everyone, because whoever asks has neither a session nor our name.

import type { HealthAnswer } from "@truechimer/telemetry";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { ServerContext } from "../context.ts";

export function registerHealth(app: FastifyInstance, { health, roles }: ServerContext): void {
  const answer = async (reply: FastifyReply, state: HealthAnswer): Promise<void> => {
    await reply
      .code(state.ok ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ status: state.ok ? "ok" : "failing", roles, checks: state.checks });
  };
  app.get("/healthz/live", async (_request, reply) => answer(reply, health.live()));
  app.get("/healthz/ready", async (_request, reply) => answer(reply, await health.ready()));
  app.get("/healthz/startup", async (_request, reply) => answer(reply, health.startup()));
}
