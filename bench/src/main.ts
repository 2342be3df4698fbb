import { parseArgs } from "node:util";
import { runProbeError } from "./probe-error/probe-error.ts";
const { values } = parseArgs({ options: { quick: { type: "boolean" }, condition: {type:"string"}, path: {type:"string"}, stamps: {type:"string"}, exchanges: {type:"string"}, runs: {type:"string"} }, allowPositionals: true });
await runProbeError({ quick: values.quick ?? false, condition: values.condition, path: values.path, stamps: values.stamps, exchanges: values.exchanges ? Number(values.exchanges): undefined, runs: values.runs ? Number(values.runs): undefined, log: (l) => console.log(l) });
