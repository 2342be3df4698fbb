// The check of a server that a batch or a lease names, from its place in line to its serialized result.

import { AppError } from "@truechimer/base";
import {
  type CheckResult,
  checkResultWithoutSamples,
  isAgentFault,
  type KeptSample,
} from "@truechimer/ntp";
import { addressRefusal } from "./address-policy.ts";
import type { BatchResults, EndedCheck } from "./batch-results.ts";
import type { CheckStarter, LinedCheck } from "./check-starter.ts";
import type { MonitorConfig } from "./monitor-config.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { checkOptions, type Place, placeFor, placeNow } from "./probe-item.ts";
import { beginCheck, type CheckListener } from "./run-check.ts";
import type { GiveBack } from "./slots.ts";
import type { StatusEncoder } from "./status-encoder.ts";
import type { WorkItem } from "./work-batch.ts";
import type { ProbingPeriod } from "./work-gate.ts";

/** Of all checks of a batch. */
export interface ItemCheckOptions {
  readonly context: MonitorContext;
  readonly checks: CheckStarter;
  /**
   * Told of the end: without a result when there is nothing to tell of the server, because the check was cut short or the
   * fault is the agent's own.
   */
  readonly results: BatchResults;
  readonly statuses: StatusEncoder;
  /** As it is at the start: a pause ends this check for good, whatever comes after it. */
  readonly period: ProbingPeriod;
}

/** One object, without functions and promises of its own: thousands are in flight at once. */
export class ItemCheck implements LinedCheck, CheckListener {
  readonly item: WorkItem;
  readonly #options: ItemCheckOptions;
  #giveBack: GiveBack | undefined;
  #ended: EndedCheck | undefined;

  constructor(item: WorkItem, options: ItemCheckOptions) {
    this.item = item;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.period.hurry;
  }

  begin(): void {
    const { context } = this.#options;
    const { current } = context.config;
    if (current === undefined) this.#beginWhenConfigured();
    else if (!this.#isRefused(current)) this.#beginInPlace();
  }

  end(): void {
    this.#options.results.ended(this.#ended);
  }

  onChecked(result: CheckResult<KeptSample>): void {
    this.#giveBack?.();
    try {
      this.#ended = this.#endedBy(result);
    } catch (error) {
      this.#tell(error);
    }
    this.#options.checks.over(this);
  }

  onCheckFailed(error: unknown): void {
    this.#giveBack?.();
    this.#tell(error);
    this.#options.checks.over(this);
  }

  /** Stopped, or the socket is full: our doing, so nothing is said about the server. It will be handed out again. */
  #tell(error: unknown): void {
    const { address, port } = this.item;
    const code = error instanceof AppError ? error.code : "internal";
    if (code === "stopped") return;
    this.#options.context.logger.error({ server: address.text, port, error }, "check failed");
  }

  #endedBy(result: CheckResult<KeptSample>): EndedCheck | undefined {
    const { item } = this;
    const { checkSlots, clock, logger, metrics } = this.#options.context;
    const { reason } = result.outcome;
    const queries = result.samples.length;
    metrics.checkEnded({ family: item.address.family, reason: reason ?? "", queries });
    metrics.checksInFlight(checkSlots.taken);
    if (isAgentFault(reason)) {
      logger.warn({ reason }, "check says nothing about the server: dropped");
      return undefined;
    }
    const status = this.#options.statuses.encode({ item, result, endedAtNs: clock.nowNs() });
    return { item, status };
  }

  #beginWhenConfigured(): void {
    const { context, period } = this.#options;
    context.config.inForce(period.hurry).then(
      (config) => {
        if (!this.#isRefused(config)) this.#beginInPlace();
      },
      (error: unknown) => this.onCheckFailed(error),
    );
  }

  #isRefused(config: MonitorConfig): boolean {
    const { address, port } = this.item;
    const refusal = addressRefusal(address, config);
    if (refusal === undefined) return false;
    this.#options.context.logger.warn({ refusal, port }, "server not probed");
    this.onChecked(checkResultWithoutSamples("address_refused"));
    return true;
  }

  #beginInPlace(): void {
    const { context, period } = this.#options;
    const place = placeNow(this.item, context, period.hurry);
    if (place !== undefined) {
      this.#run(place);
      return;
    }
    placeFor(this.item, context, period.hurry).then(
      (later) => this.#run(later),
      (error: unknown) => this.onCheckFailed(error),
    );
  }

  #run(place: Place): void {
    const { context, period } = this.#options;
    this.#giveBack = place.giveBack;
    context.metrics.checksInFlight(context.checkSlots.taken);
    const { hurry, probing } = period;
    beginCheck(this.item, checkOptions(this.item, context, { place, hurry, probing }), this);
  }
}
