// A fleet over weeks, minute by minute: noise all the time, monitors that fall silent for minutes to hours, that join and
// leave, and servers that some of their active monitors suddenly see badly. Reviews come when the product would make them.

import { planReview, type ReviewPlan, type SelectionPolicy } from "@truechimer/selection";
import { nextReviewMs } from "@truechimer/server";
import { FleetWorld } from "./fleet-world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 1);
/** After so long without a word a monitor counts as offline. */
const PRESENCE_MS = 6 * MINUTE_MS;
const SILENCE_MS_MIN = 15 * MINUTE_MS;
const SILENCE_MS_SPAN = 12 * HOUR_MS;
const SPOILT_MS = 12 * HOUR_MS;
const SPOILT_MAX = 7;
/** Everybody is new at first. */
const WARM_UP_MS = 2 * DAY_MS;
const ACTIVE_INTERVAL_MS = 9 * MINUTE_MS;
/** So long after a monitor has come back or joined, or a path is mended, what moves is explained by it. */
const EXPLAINED_MS = 3 * DAY_MS;

export interface FleetOptions {
  readonly servers: number;
  readonly monitors: number;
  readonly days: number;
  /** A monitor falls silent, and some of a server's active ones see it badly, once in so many days. */
  readonly silenceDays: number;
  readonly spoiltDays: number;
  readonly seed: number;
  readonly policy: SelectionPolicy;
}

/** What came of it, after the first two days. */
export interface FleetOutcome {
  readonly reviews: number;
  /** Moves into and out of the active set, per server and day: all, and those that nothing but noise explains. */
  readonly movesPerDay: number;
  readonly noiseMovesPerDay: number;
  /** Reviews that changed a monitor twice; that left none active though there was one; that broke a limit. */
  readonly doubled: number;
  readonly fellToZero: number;
  readonly broken: number;
  /** Reviews until there were as many usable active ones as can be, after some were lost: the most. */
  readonly recoveryReviews: number;
  /** Slots of monitors that fell silent; and how many of its intervals after its last check each was refilled, at most. */
  readonly deadSlots: number;
  readonly refillIntervals: number;
}

export function simulateFleet(options: FleetOptions): FleetOutcome {
  return new Simulation(options).run();
}

interface Due {
  atMs: number;
  quiet: number;
  /** Reviews in a row after which usable ones were missing. */
  short: number;
}

interface Silence {
  readonly id: bigint;
  readonly untilMs: number;
  readonly sinceMs: number;
  isNoted: boolean;
  /** Servers that it was active for. */
  readonly slots: Set<bigint>;
}

class Simulation {
  readonly #options: FleetOptions;
  readonly #world: FleetWorld;
  readonly #due: Due[];
  #silences: Silence[] = [];
  #nowMs = START_MS;
  #counted = {
    reviews: 0,
    moves: 0,
    noiseMoves: 0,
    doubled: 0,
    fellToZero: 0,
    broken: 0,
    recoveryReviews: 0,
    deadSlots: 0,
    refillIntervals: 0,
  };

  constructor(options: FleetOptions) {
    const { servers, monitors, seed } = options;
    this.#options = options;
    this.#world = new FleetWorld({ servers, monitors, seed, startMs: START_MS });
    this.#due = this.#world.servers.map(() => ({ atMs: START_MS, quiet: 0, short: 0 }));
  }

  run(): FleetOutcome {
    const { days, servers } = this.#options;
    const minutes = (days * DAY_MS) / MINUTE_MS;
    for (let minute = 0; minute < minutes; minute += 1) {
      this.#nowMs = START_MS + minute * MINUTE_MS;
      this.#happen(minute);
      for (const [index, due] of this.#due.entries()) {
        if (due.atMs <= this.#nowMs) this.#review(BigInt(index + 1), due);
      }
    }
    const { moves, noiseMoves, ...others } = this.#counted;
    const serverDays = (servers * (days * DAY_MS - WARM_UP_MS)) / DAY_MS;
    return {
      ...others,
      movesPerDay: moves / serverDays,
      noiseMovesPerDay: noiseMoves / serverDays,
    };
  }

  #happen(minute: number): void {
    const live = this.#world.live();
    const perMinute = MINUTE_MS / DAY_MS;
    const { servers, silenceDays, spoiltDays } = this.#options;
    if (this.#chance((live.length / silenceDays) * perMinute)) this.#fallSilent(live);
    if (this.#chance((servers / spoiltDays) * perMinute)) this.#spoil();
    if (minute > 0 && minute % (DAY_MS / MINUTE_MS) === 0) this.#comeAndGo(live);
    this.#notePresence();
  }

  #chance(probability: number): boolean {
    return this.#world.random.fraction() < probability;
  }

  #fallSilent(live: readonly bigint[]): void {
    const id = live[this.#world.below(live.length)];
    if (id === undefined || this.#silences.some((silence) => silence.id === id)) return;
    this.#world.fallSilent(id, this.#nowMs);
    const slots = this.#world.servers.flatMap((server) =>
      this.#world.active(server.id).includes(id) ? [server.id] : [],
    );
    const untilMs =
      this.#nowMs + SILENCE_MS_MIN + Math.floor(SILENCE_MS_SPAN * this.#world.random.fraction());
    this.#silences.push({
      id,
      untilMs,
      sinceMs: this.#nowMs,
      isNoted: false,
      slots: new Set(slots),
    });
  }

  #notePresence(): void {
    for (const silence of this.#silences) {
      const { id, sinceMs, untilMs, isNoted } = silence;
      if (!isNoted && this.#nowMs - sinceMs >= PRESENCE_MS) {
        silence.isNoted = true;
        this.#world.setOnline(id, false);
        this.#requestAll();
      }
      if (this.#nowMs < untilMs) continue;
      this.#world.comeBack(id, this.#nowMs);
      this.#world.setOnline(id, true);
      this.#requestAll();
    }
    this.#silences = this.#silences.filter(({ untilMs }) => this.#nowMs < untilMs);
  }

  /** Some of a server's active monitors see it badly from now on: nobody says so but their results. */
  #spoil(): void {
    const server = BigInt(1 + this.#world.below(this.#options.servers));
    const count = 1 + this.#world.below(SPOILT_MAX);
    const ids = this.#world.active(server).slice(0, count);
    this.#world.spoilPaths(server, ids, this.#nowMs + SPOILT_MS);
  }

  #comeAndGo(live: readonly bigint[]): void {
    const leaving = live[this.#world.below(live.length)];
    if (leaving !== undefined) this.#world.leave(leaving);
    this.#world.join(this.#nowMs);
    this.#requestAll();
  }

  #requestAll(): void {
    for (const due of this.#due) {
      due.atMs = this.#nowMs;
      due.quiet = 0;
    }
  }

  #review(serverId: bigint, due: Due): void {
    const { policy } = this.#options;
    const nowMs = this.#nowMs;
    const snapshot = this.#world.snapshot(serverId, nowMs);
    const plan = planReview(snapshot, policy, nowMs);
    this.#world.apply(serverId, plan, nowMs);
    due.quiet = plan.changes.length > 0 ? 0 : due.quiet + 1;
    const waitMs = nextReviewMs({ plan, policy, quiet: due.quiet, nowMs });
    due.atMs = nowMs + waitMs * (0.95 + 0.1 * this.#world.random.fraction());
    this.#noteRefills(serverId);
    if (nowMs - START_MS < WARM_UP_MS) return;
    this.#count(plan, due, serverId);
    this.#counted.broken += this.#isBroken(serverId) ? 1 : 0;
  }

  #count(
    { changes, activeAfter, usableAfter, target }: ReviewPlan,
    due: Due,
    serverId: bigint,
  ): void {
    const counted = this.#counted;
    counted.reviews += 1;
    const moves = changes.filter(({ from, to }) => from === "active" || to === "active");
    counted.moves += moves.length;
    const isExplained = changes.some(
      ({ monitorId, reason }) =>
        reason === "blocked" ||
        this.#nowMs - this.#world.changedAtMs(serverId, monitorId) < EXPLAINED_MS,
    );
    counted.noiseMoves += isExplained ? 0 : moves.length;
    const ids = new Set(changes.map(({ monitorId }) => monitorId));
    if (ids.size < changes.length) counted.doubled += 1;
    if (activeAfter === 0 && target.usable > 0) counted.fellToZero += 1;
    due.short = usableAfter < target.usable ? due.short + 1 : 0;
    counted.recoveryReviews = Math.max(counted.recoveryReviews, due.short + 1);
  }

  /** A slot is refilled when its monitor is not active any more: no review leaves fewer usable ones than it can. */
  #noteRefills(serverId: bigint): void {
    const active = new Set(this.#world.active(serverId));
    for (const { id, slots } of this.#silences) {
      if (!slots.has(serverId) || active.has(id)) continue;
      slots.delete(serverId);
      const lastMs = this.#world.lastCheckAtMs(serverId, id);
      this.#counted.deadSlots += 1;
      this.#counted.refillIntervals = Math.max(
        this.#counted.refillIntervals,
        (this.#nowMs - lastMs) / ACTIVE_INTERVAL_MS,
      );
    }
  }

  /** More than seven active, three of an account, or two working in one network. */
  #isBroken(serverId: bigint): boolean {
    const { activeTarget, accountLimit } = this.#options.policy;
    const active = this.#world.active(serverId);
    const accounts = active.map((id) => this.#world.monitors.get(id)?.accountId);
    const most = Math.max(
      0,
      ...[...Map.groupBy(accounts, (of) => of).values()].map((of) => of.length),
    );
    const networks = this.#world.workingNetworks(serverId);
    return (
      active.length > activeTarget ||
      most > (accountLimit ?? most) ||
      new Set(networks).size < networks.length
    );
  }
}
