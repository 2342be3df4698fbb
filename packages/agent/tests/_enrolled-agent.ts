// An enrolled agent in a world in which it can die: its identity follows a control plane that issues certificates of a
// real authority, and each call is refused, as a handshake would be, when the agent's certificate has ended.

import {
  type AgentCredentials,
  type AgentIdentity,
  checkCertificate,
  createAgentIdentity,
  followIdentity,
  type SourceMonitor,
} from "@truechimer/agent";
import { AppError, type Random } from "@truechimer/base";
import { silentLogger } from "@truechimer/telemetry";
import type { ConfigAnswer, ControlPlane, IssuedAnswer } from "../src/identity/control-plane.ts";
import { EMPTY_STATE, encodeStateFile } from "../src/identity/state-file.ts";
import { type AgentProcess, type AgentWorld, mortalClock } from "./_agent-world.ts";
import { START_NS, testAuthority } from "./identity/_certificates.ts";
import { createMemoryFileSystem, type MemoryFileSystem } from "./identity/_memory-file-system.ts";
import {
  configAnswer,
  DIRECTORY,
  NAME,
  unreachable,
  until,
} from "./identity/_simulated-identity.ts";

const STATE_DIRECTORY = "/var/lib/agent";
const MINUTE_MS = 60_000;
/** Share of certificates that are issued and do not arrive. */
const LOST_ANSWERS = 0.15;
const NS_PER_MS = 1_000_000n;

export interface EnrolledAgentOptions {
  readonly world: AgentWorld;
  readonly random: Random;
  /** Of each certificate. */
  readonly lifeMs: number;
  /** What the control plane says of the monitors. */
  readonly monitors: () => readonly SourceMonitor[];
}

/** One agent through all its processes. */
export interface EnrolledAgent {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** At once, in whatever it is doing. */
  kill(): void;
  /** Whether the process dies at the next certificate that is issued to it, before that has reached it. */
  diesAtRenewal: boolean;
  /** Time passes, at the pace at which keys are made: those come from threads of the system's. */
  advance(durationMs: number): Promise<void>;
  readonly isAlive: boolean;
  /** It has a certificate that has not ended. */
  readonly isCertified: boolean;
  readonly certificates: {
    readonly issued: number;
    /** Others, one after the other, that calls were made with. */
    readonly used: number;
    /** Requests that came while the control plane was away, and answers that did not arrive. */
    readonly unanswered: number;
  };
  /** Locks, watches, listeners and waiters of processes that ended in order. */
  readonly left: number;
}

interface Running {
  readonly identity: AgentIdentity;
  readonly process: AgentProcess;
  readonly life: { isAlive: boolean };
  readonly stopFollowing: () => void;
}

export async function createEnrolledAgent(options: EnrolledAgentOptions): Promise<EnrolledAgent> {
  const { world, random, lifeMs, monitors } = options;
  const { clock, plane } = world;
  const authority = await testAuthority();
  const used = new Set<string>();
  let files = await enrolledFiles();
  let running: Running | undefined;
  let issued = 0;
  let unanswered = 0;
  let watches = 0;
  let left = 0;
  /** Begun by a look of the running process, and not answered. */
  let renewing = false;

  const wantsCertificate = (): boolean => {
    const pair = running?.identity.current.pair;
    return pair !== undefined && checkCertificate(pair, clock.nowNs()).renewalDue;
  };
  const controlPlane: ControlPlane = {
    fetchConfig: async () => {
      renewing = wantsCertificate();
      if (plane.isAway) unreachable();
      return answerWith(monitors());
    },
    fetchToken: async () => {
      if (plane.isAway) unreachable();
      return { token: "jwt", expiresInMs: 60 * MINUTE_MS };
    },
    renewCertificate: async ({ csrDer }): Promise<IssuedAnswer> => {
      try {
        if (plane.isAway) {
          unanswered += 1;
          unreachable();
        }
        const notBeforeNs = clock.nowNs();
        const notAfterNs = notBeforeNs + BigInt(lifeMs) * NS_PER_MS;
        const validity = { notBeforeNs, notAfterNs };
        const certificatePem = await authority.issueOverRequest({
          name: NAME,
          csrDer,
          ...validity,
        });
        issued += 1;
        if (agent.diesAtRenewal) {
          agent.diesAtRenewal = false;
          unanswered += 1;
          agent.kill();
          return await new Promise<never>(() => {});
        }
        if (random.fraction() < LOST_ANSWERS) {
          unanswered += 1;
          unreachable();
        }
        return { certificatePem, rootPem: "" };
      } finally {
        renewing = false;
      }
    },
  };

  const checked = (identity: AgentIdentity, credentials: AgentCredentials): AgentCredentials => ({
    get tls() {
      return credentials.tls;
    },
    subscribe: (listener) => credentials.subscribe(listener),
    bearer: async (signal, refused) => {
      const { pair } = identity.current;
      // What is in use is what was received last.
      if (credentials.tls?.certificatePem !== pair?.certificatePem) {
        throw new AppError("internal", "a call with another certificate than the newest");
      }
      if (pair === undefined || checkCertificate(pair, clock.nowNs()).expired) {
        throw new AppError("peer_unreachable", "the handshake failed: the certificate has ended");
      }
      used.add(pair.fingerprint);
      return await credentials.bearer(signal, refused);
    },
  });

  const agent: EnrolledAgent = {
    get isAlive() {
      return running !== undefined;
    },
    get isCertified() {
      const pair = running?.identity.current.pair;
      return pair !== undefined && !checkCertificate(pair, clock.nowNs()).expired;
    },
    get certificates() {
      return { issued, used: used.size, unanswered };
    },
    get left() {
      return left;
    },
    diesAtRenewal: false,
    start: async () => {
      renewing = false;
      const life = { isAlive: true };
      const identity = await createAgentIdentity({
        environment: "devel",
        stateDirectory: STATE_DIRECTORY,
        hosts: { serverUrl: "https://pool.example" },
        userAgent: "ntppool-agent/v4.1.5/truechimer-0.1.0 (test)",
        clock: mortalClock(clock, () => life.isAlive),
        random,
        logger: silentLogger,
        runAsProcess: 1,
        files,
        controlPlane,
        watchDirectory: () => {
          watches += 1;
          return { isCurrent: async () => true, [Symbol.dispose]: () => void (watches -= 1) };
        },
      });
      const followed = followIdentity(identity);
      const { source, credentials } = followed;
      const configured = { source, credentials: checked(identity, credentials) };
      const process = world.start({ monitors: configured });
      const stopFollowing = (): void => followed[Symbol.dispose]();
      running = { identity, process, life, stopFollowing };
      identity.start();
    },
    stop: async () => {
      if (running === undefined) return;
      const { identity, process, stopFollowing } = running;
      await process.stop();
      stopFollowing();
      await identity[Symbol.asyncDispose]();
      running = undefined;
      left += identity.listening + watches;
      watches = 0;
    },
    kill: () => {
      if (running === undefined) return;
      running.life.isAlive = false;
      running.process.kill();
      running = undefined;
      renewing = false;
      watches = 0;
      // Whatever it still does reaches the disk no more.
      files.killAt(files.steps);
      files = files.afterKill();
    },
    advance: async (durationMs) => {
      for (let leftMs = durationMs; leftMs > 0; leftMs -= MINUTE_MS) {
        await clock.advance(Math.min(leftMs, MINUTE_MS));
        await until(() => !renewing);
      }
    },
  };
  return agent;

  async function enrolledFiles(): Promise<MemoryFileSystem> {
    const first = await authority.issueAgent({
      name: NAME,
      notBeforeNs: START_NS,
      notAfterNs: START_NS + BigInt(lifeMs) * NS_PER_MS,
    });
    const made = createMemoryFileSystem();
    made.put(
      `${DIRECTORY}/state.json`,
      encodeStateFile({ ...EMPTY_STATE, apiKey: "key", tlsName: NAME, ...familiesOf(monitors()) }),
    );
    made.put(`${DIRECTORY}/cert.pem`, first.certificatePem);
    made.put(`${DIRECTORY}/key.pem`, first.keyPem);
    return made;
  }
}

function answerWith(monitors: readonly SourceMonitor[]): ConfigAnswer {
  return configAnswer(familiesOf(monitors));
}

const NO_FAMILY: ConfigAnswer["v4"] = { status: "", address: undefined };

function familiesOf(monitors: readonly SourceMonitor[]): Pick<ConfigAnswer, "v4" | "v6"> {
  const of = (wanted: SourceMonitor["family"]): ConfigAnswer["v4"] =>
    monitors.find(({ family }) => family === wanted) ?? NO_FAMILY;
  return { v4: of("v4"), v6: of("v6") };
}
