// Runs what comes after the set-up, on the pinned Node, and ends exactly as it ends.

import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @typedef {import("./commands.mjs").Step} Step */

/**
 * @typedef {object} Host
 * @property {string} node path of the pinned Node
 * @property {NodeJS.ProcessEnv} env
 */

const FORWARDED_SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @type {import("node:child_process").StdioOptions} */
const QUIET = ["ignore", "pipe", "pipe"];

const PARENT_LOOK_MS = 500;

/** What a shell reports for a process that a signal ended. */
const SIGNAL_EXIT_BASE = 128;

/**
 * Becomes the program where the running Node can do that: no process in between, so every signal arrives once and at the
 * right place. Elsewhere the program is a child.
 *
 * @param {Host} host
 * @param {Step} step
 * @returns {Promise<void>}
 */
export async function handOver(host, step) {
  const argv = [...step.nodeArgs, ...step.args];
  if (canReplaceProcess()) {
    process.execve?.(host.node, [host.node, ...argv], definedOnly(host.env));
  }
  process.exitCode = await runChild(host.node, argv, { env: host.env });
}

/**
 * Runs the steps one after the other and stops at the first that fails.
 *
 * @param {Host} host
 * @param {readonly Step[]} steps
 * @returns {Promise<number>} the exit code
 */
export async function runSteps(host, steps) {
  for (const step of steps) {
    process.stderr.write(`\n> ${step.title}\n`);
    const code = await runChild(host.node, [...step.nodeArgs, ...step.args], { env: host.env });
    if (code !== 0) return code;
  }
  return 0;
}

/**
 * @typedef {object} ChildOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {import("node:child_process").StdioOptions} [stdio]
 * @property {(text: string) => void} [onOutput] takes both outputs instead of the terminal
 * @property {boolean} [killOnSignal] ends the child at once and for good: npm goes on installing after a SIGTERM
 */

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} options
 * @returns {Promise<number>} its exit code, in the form of a shell
 */
export function runChild(file, args, options) {
  const { env = process.env, cwd, stdio, onOutput, killOnSignal = false } = options;
  return new Promise((resolve, reject) => {
    const streams = onOutput === undefined ? "inherit" : QUIET;
    const child = spawn(file, args, { env, cwd, stdio: stdio ?? streams, windowsHide: true });
    if (onOutput !== undefined) {
      child.stdout?.setEncoding("utf8").on("data", onOutput);
      child.stderr?.setEncoding("utf8").on("data", onOutput);
    }
    // A signal to the whole process group reaches the child by itself; it must bear the forwarded copy as well.
    const listeners = FORWARDED_SIGNALS.map((signal) => {
      const forward = () => void child.kill(killOnSignal ? "SIGKILL" : signal);
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    const stopWatching = whenOrphaned(() => {
      child.kill(killOnSignal ? "SIGKILL" : "SIGTERM");
    });
    const done = () => {
      stopWatching();
      for (const remove of listeners) remove();
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code, signal) => {
      done();
      resolve(code ?? SIGNAL_EXIT_BASE + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * npm that is ended by itself ends the shell that it started, and leaves us running: nobody would miss us.
 *
 * @param {() => void} act
 * @param {{env?: NodeJS.ProcessEnv, parentId?: () => number}} [world]
 * @returns {() => void} stops watching
 */
export function whenOrphaned(act, { env = process.env, parentId = () => process.ppid } = {}) {
  // Started by a shell itself, we may well outlive it (nohup).
  if (env["npm_lifecycle_event"] === undefined) return () => {};
  const parent = parentId();
  const timer = setInterval(() => {
    if (parentId() === parent) return;
    clearInterval(timer);
    act();
  }, PARENT_LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** In a worker thread, on Windows, and before Node 22.15 the process cannot be replaced. */
function canReplaceProcess() {
  return typeof process.execve === "function" && process.platform !== "win32";
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>}
 */
function definedOnly(env) {
  /** @type {Record<string, string>} */
  const defined = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) defined[name] = value;
  return defined;
}
