// The loop that orders the dashboard's certificate by ACME, among the loops of those processes alone that are configured so.

import { AppError } from "@truechimer/base";
import type { Loop } from "../loops/loop.ts";
import type { AcmeSettings } from "./acme-settings.ts";
import { runAcme } from "./run-acme.ts";

/** A look at one row; what is due begins within it. */
const PERIOD_MS = 30_000;
/** An order with proofs that are tried again. Shorter than the lease in acme-rows.ts. */
const TIMEOUT_MS = 300_000;

export function acmeLoop(settings: AcmeSettings): Loop {
  return {
    name: "acme",
    class: "idempotent",
    periodMs: PERIOD_MS,
    timeoutMs: TIMEOUT_MS,
    purpose:
      "orders the dashboard's certificate by ACME, and renews it in the last third of its life",
    run: (context, signal) => {
      const { seal } = context;
      if (seal === undefined) throw acmeNeedsKey();
      return runAcme({ ...context, seal }, settings, signal);
    },
  };
}

/** The keys lie in the database, so something has to seal them. */
export function acmeNeedsKey(): AppError {
  return new AppError(
    "master_key_missing",
    'listen.tls = "acme" keeps its keys in the database, sealed with the master key: name its file with secrets.master_key_file, or use listen.tls = "files"',
  );
}
