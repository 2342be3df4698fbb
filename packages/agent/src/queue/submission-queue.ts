// Results on their way to the control plane: kept in files from before they are sent for the first time until they are
// settled, so that neither an outage nor a `kill -9` loses or doubles one. Bounded: when it is full the oldest go first,
// counted. Without files, or while the disk takes nothing, it is kept in memory, with a smaller bound.

import type { Clock } from "@truechimer/base";
import { unixMsFromNs } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import { type QueueFiles, segmentName, segmentNumber } from "./queue-files.ts";
import {
  encodeSettled,
  encodeSubmission,
  readSegment,
  SEGMENT_MAGIC,
  type SubmissionHeader,
} from "./queue-record.ts";

export interface QueueLimits {
  /** Of all files. Beyond it the oldest file is dropped. Default 512 MiB: about eight hours of 5,000 servers a minute. */
  readonly bytesMax: number;
  /** Of what is not in a file. Default 16 MiB. */
  readonly memoryBytesMax: number;
  /** The control plane counts no results of work that was handed out longer ago. Default 48 h. */
  readonly ageMsMax: number;
  /** A file of this size is followed by a new one. Default 4 MiB. */
  readonly segmentBytes: number;
}

export type DropReason = "queue_full" | "queue_too_old" | "queue_unreadable";

export interface SubmissionQueueOptions {
  /** Absent: memory alone. */
  readonly files: QueueFiles | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Results that nobody will ever see. */
  readonly onDropped: (submission: SubmissionHeader, reason: DropReason) => void;
  readonly limits?: Partial<QueueLimits>;
}

export interface SubmissionQueue extends AsyncDisposable {
  /** Resolves once it is kept; never rejects. A failing disk is told, and memory takes its place. */
  append(header: SubmissionHeader, message: Uint8Array): Promise<void>;
  /** The oldest of a monitor that is not in `aside`. */
  next(monId: string, aside?: ReadonlySet<string>): SubmissionHeader | undefined;
  /** The message as it was appended. Absent: it was dropped meanwhile, or cannot be read. */
  message(submissionId: string): Promise<Uint8Array | undefined>;
  /** It was counted or never will be. `now`: resolves when a restart will not bring it back; else that comes soon. */
  settle(submissionId: string, when?: "now" | "soon"): Promise<void>;
  /** Submissions of a monitor. */
  count(monId: string): number;
  /** All that is in it, the oldest first. */
  list(): readonly SubmissionHeader[];
  /** Called after each append. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /** Whether a restart brings back what is in it. */
  readonly durable: boolean;
}

const MIB = 1_024 * 1_024;
const LIMITS_DEFAULT: QueueLimits = {
  bytesMax: 512 * MIB,
  memoryBytesMax: 16 * MIB,
  ageMsMax: 48 * 3_600_000,
  segmentBytes: 4 * MIB,
};
/** Messages that are kept at hand although they are in a file, because they are about to be sent. */
const AT_HAND_BYTES_MAX = 256 * 1_024;
/** That something is settled is noted with the next append, or after this time. */
const SETTLE_WRITE_MS = 1_000;

interface Segment {
  readonly name: string;
  bytes: number;
  /** Submissions in it that are not settled. */
  unsettled: number;
}

interface Entry {
  readonly header: SubmissionHeader;
  /** Absent: in its file alone. */
  message: Uint8Array | undefined;
  readonly messageBytes: number;
  /** Absent: not in a file. */
  place: { readonly segment: Segment; readonly offset: number } | undefined;
}

interface Write {
  readonly bytes: Uint8Array;
  /** Of a submission. */
  readonly entry: Entry | undefined;
  readonly messageOffset: number;
  readonly done: () => void;
}

/** Reads what an earlier run left behind. Rejects when the files cannot be read at all. */
export async function openSubmissionQueue(
  options: SubmissionQueueOptions,
): Promise<SubmissionQueue> {
  const queue = new FileQueue(options);
  await queue.open();
  return queue;
}

class FileQueue implements SubmissionQueue {
  readonly #options: SubmissionQueueOptions;
  readonly #limits: QueueLimits;
  /** By monitor, each in the order of appending. */
  readonly #lanes = new Map<string, Map<string, Entry>>();
  /** All, in the order of appending. */
  readonly #entries = new Map<string, Entry>();
  readonly #segments: Segment[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #writes: Write[] = [];
  #writing: Promise<void> | undefined;
  #segmentNumber = 0;
  /** The file that is appended to. Absent: the next write begins one. */
  #current: Segment | undefined;
  #memoryBytes = 0;
  #atHandBytes = 0;
  #diskFails = false;
  /** What the disk did not take of what is settled. */
  readonly #settlesHeldBack: Write[] = [];
  #cancelSettleTimer: (() => void) | undefined;

  constructor(options: SubmissionQueueOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS_DEFAULT, ...options.limits };
  }

  get durable(): boolean {
    return this.#options.files !== undefined && !this.#diskFails;
  }

  async open(): Promise<void> {
    const { files, logger } = this.#options;
    if (files === undefined) return;
    for (const name of await files.list()) {
      this.#segmentNumber = segmentNumber(name) ?? this.#segmentNumber;
      const bytes = await files.read(name);
      const { records, goodBytes } = readSegment(bytes);
      const segment: Segment = { name, bytes: goodBytes, unsettled: 0 };
      this.#segments.push(segment);
      for (const record of records) {
        if (record.type === "settled") this.#forget(record.submissionId);
        else {
          const place = { segment, offset: record.offset };
          this.#add({
            header: record.header,
            message: undefined,
            messageBytes: record.length,
            place,
          });
        }
      }
      if (goodBytes < bytes.length) {
        logger.warn(
          { file: name, bytes: bytes.length - goodBytes, kept: records.length },
          "queue file has a torn or damaged end: it is cut off",
        );
        await files.truncate(name, goodBytes);
      }
    }
    this.#dropOld();
    await this.#removeSettledSegments();
    if (this.#entries.size > 0) {
      logger.info({ submissions: this.#entries.size }, "results of an earlier run are delivered");
    }
  }

  append(header: SubmissionHeader, message: Uint8Array): Promise<void> {
    this.#dropOld();
    const entry: Entry = { header, message, messageBytes: message.length, place: undefined };
    this.#add(entry);
    this.#memoryBytes += message.length;
    this.#dropFromMemory();
    const kept =
      this.#options.files === undefined ? Promise.resolve() : this.#writeSubmission(entry, message);
    return kept.then(() => {
      for (const listener of this.#listeners) listener();
    });
  }

  next(monId: string, aside?: ReadonlySet<string>): SubmissionHeader | undefined {
    this.#dropOld();
    for (const [id, { header }] of this.#lanes.get(monId) ?? []) {
      if (aside?.has(id) !== true) return header;
    }
    return undefined;
  }

  async message(submissionId: string): Promise<Uint8Array | undefined> {
    const entry = this.#entries.get(submissionId);
    if (entry === undefined || entry.message !== undefined) return entry?.message;
    const { place } = entry;
    if (place === undefined) return undefined;
    try {
      const { files } = this.#options;
      const bytes = await files?.readAt(place.segment.name, place.offset, entry.messageBytes);
      if (bytes !== undefined) return bytes;
    } catch (error) {
      this.#options.logger.error({ file: place.segment.name, error }, "queue file cannot be read");
    }
    this.#drop(entry, "queue_unreadable");
    return undefined;
  }

  async settle(submissionId: string, when: "now" | "soon" = "soon"): Promise<void> {
    const entry = this.#forget(submissionId);
    if (entry?.place === undefined) return;
    const written = this.#write({ bytes: encodeSettled(submissionId), entry: undefined }, when);
    if (when === "now") await written;
  }

  count(monId: string): number {
    return this.#lanes.get(monId)?.size ?? 0;
  }

  list(): readonly SubmissionHeader[] {
    return [...this.#entries.values()].map(({ header }) => header);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelSettleTimer?.();
    if (this.#writes.length > 0) this.#startWriting();
    await this.#writing;
    this.#current = undefined;
    await this.#removeSettledSegments();
    await this.#options.files?.close();
  }

  #add(entry: Entry): void {
    const { submissionId, monId } = entry.header;
    this.#entries.set(submissionId, entry);
    const lane = this.#lanes.get(monId) ?? new Map<string, Entry>();
    lane.set(submissionId, entry);
    this.#lanes.set(monId, lane);
    if (entry.place !== undefined) entry.place.segment.unsettled += 1;
  }

  /** What was known of it. Absent: nothing. */
  #forget(submissionId: string): Entry | undefined {
    const entry = this.#entries.get(submissionId);
    if (entry === undefined) return undefined;
    this.#entries.delete(submissionId);
    const lane = this.#lanes.get(entry.header.monId);
    lane?.delete(submissionId);
    if (lane?.size === 0) this.#lanes.delete(entry.header.monId);
    this.#release(entry);
    if (entry.place !== undefined) entry.place.segment.unsettled -= 1;
    return entry;
  }

  #release(entry: Entry): void {
    if (entry.message === undefined) return;
    if (entry.place === undefined) this.#memoryBytes -= entry.messageBytes;
    else this.#atHandBytes -= entry.messageBytes;
    entry.message = undefined;
  }

  #drop(entry: Entry, reason: DropReason): void {
    if (this.#forget(entry.header.submissionId) === undefined) return;
    this.#options.onDropped(entry.header, reason);
  }

  #dropOld(): void {
    const oldestMs = unixMsFromNs(this.#options.clock.nowNs()) - this.#limits.ageMsMax;
    for (const entry of this.#entries.values()) {
      if (entry.header.createdAtMs >= oldestMs) return;
      this.#drop(entry, "queue_too_old");
    }
  }

  /** The newest always stays: it is about to go to a file. */
  #dropFromMemory(): void {
    if (this.#memoryBytes <= this.#limits.memoryBytesMax) return;
    for (const entry of [...this.#entries.values()].slice(0, -1)) {
      if (this.#memoryBytes <= this.#limits.memoryBytesMax) return;
      if (entry.place === undefined) this.#drop(entry, "queue_full");
    }
  }

  #writeSubmission(entry: Entry, message: Uint8Array): Promise<void> {
    const { bytes, messageOffset } = encodeSubmission(entry.header, message);
    return this.#write({ bytes, entry, messageOffset }, "now");
  }

  #write(
    write: Pick<Write, "bytes" | "entry"> & { readonly messageOffset?: number },
    when: "now" | "soon",
  ): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#writes.push({ messageOffset: 0, ...write, done: written.resolve });
    if (when === "now") this.#startWriting();
    else {
      this.#cancelSettleTimer ??= this.#options.clock.setTimer(SETTLE_WRITE_MS, () =>
        this.#startWriting(),
      );
    }
    return written.promise;
  }

  #startWriting(): void {
    this.#cancelSettleTimer?.();
    this.#cancelSettleTimer = undefined;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      // What came between the last look and here.
      if (this.#writes.length > 0) this.#startWriting();
    });
  }

  /** Whatever waits goes to the disk together: one sync for all. */
  async #writeAll(): Promise<void> {
    while (this.#writes.length > 0) {
      const writes = this.#writes.splice(0);
      await this.#writeTogether(writes);
      await this.#dropSegmentsBeyondLimit();
      for (const { done } of writes) done();
    }
    await this.#removeSettledSegments();
  }

  async #writeTogether(writes: readonly Write[]): Promise<void> {
    const { files, logger } = this.#options;
    if (files === undefined) return;
    const all = [...this.#heldBack(writes), ...this.#settlesHeldBack.splice(0), ...writes];
    const segment = this.#segmentToWrite();
    const head = segment.bytes === 0 ? [SEGMENT_MAGIC] : [];
    const bytes = Buffer.concat([...head, ...all.map((write) => write.bytes)]);
    try {
      await files.append(segment.name, bytes);
    } catch (error) {
      this.#settlesHeldBack.push(...all.filter(({ entry }) => entry === undefined));
      await this.#onWriteFailed(segment, error);
      return;
    }
    if (this.#diskFails) logger.info({ file: segment.name }, "queue is on the disk again");
    this.#diskFails = false;
    let at = segment.bytes + (head[0]?.length ?? 0);
    for (const write of all) {
      if (write.entry !== undefined) this.#placed(write.entry, segment, at + write.messageOffset);
      at += write.bytes.length;
    }
    segment.bytes = at;
  }

  /** What the disk did not take before. */
  #heldBack(writes: readonly Write[]): readonly Write[] {
    if (!this.#diskFails) return [];
    const coming = new Set(writes.map(({ entry }) => entry));
    return [...this.#entries.values()].flatMap((entry) => {
      if (entry.place !== undefined || entry.message === undefined || coming.has(entry)) return [];
      return [{ ...encodeSubmission(entry.header, entry.message), entry, done: () => {} }];
    });
  }

  #segmentToWrite(): Segment {
    const { segmentBytes } = this.#limits;
    if (this.#current !== undefined && this.#current.bytes < segmentBytes) return this.#current;
    this.#segmentNumber += 1;
    const segment = { name: segmentName(this.#segmentNumber), bytes: 0, unsettled: 0 };
    this.#segments.push(segment);
    this.#current = segment;
    return segment;
  }

  #placed(entry: Entry, segment: Segment, offset: number): void {
    // Dropped while it was being written: its file may hold it, but nobody counts on that.
    if (this.#entries.get(entry.header.submissionId) !== entry) return;
    entry.place = { segment, offset };
    segment.unsettled += 1;
    this.#memoryBytes -= entry.messageBytes;
    this.#atHandBytes += entry.messageBytes;
    if (this.#atHandBytes > AT_HAND_BYTES_MAX) this.#release(entry);
  }

  /** What was half written is cut off; should that fail too, the next start does it, and a new file is begun. */
  async #onWriteFailed(segment: Segment, error: unknown): Promise<void> {
    const { files, logger } = this.#options;
    if (!this.#diskFails) {
      logger.error(
        { file: segment.name, error },
        "queue cannot be written: results are kept in memory until the disk takes them",
      );
    }
    this.#diskFails = true;
    this.#current = undefined;
    await files?.close().catch(() => {});
    if (segment.bytes === 0) {
      this.#segments.splice(this.#segments.indexOf(segment), 1);
      await files?.remove(segment.name).catch(() => {});
    } else await files?.truncate(segment.name, segment.bytes).catch(() => {});
  }

  async #dropSegmentsBeyondLimit(): Promise<void> {
    while (this.#segments.length > 1 && this.#bytesOfFiles() > this.#limits.bytesMax) {
      const [oldest] = this.#segments;
      for (const entry of this.#entries.values()) {
        if (entry.place?.segment === oldest) this.#drop(entry, "queue_full");
      }
      await this.#removeOldest();
    }
  }

  #bytesOfFiles(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** From the oldest on: a later file may say what of an earlier one is settled. */
  async #removeSettledSegments(): Promise<void> {
    while (this.#segments[0] !== this.#current && this.#segments[0]?.unsettled === 0) {
      await this.#removeOldest();
    }
  }

  async #removeOldest(): Promise<void> {
    const oldest = this.#segments.shift();
    if (oldest === undefined) return;
    try {
      await this.#options.files?.remove(oldest.name);
    } catch (error) {
      this.#options.logger.warn({ file: oldest.name, error }, "queue file cannot be removed");
    }
  }
}
