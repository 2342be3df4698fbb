import { systemClock, systemRandom } from "@truechimer/base";
import { createProbeSocket } from "@truechimer/udp";
import { createTurns } from "../src/probe-error/modes.ts";
import { openPath } from "../src/probe-error/paths.ts";
import { CONDITIONS } from "../src/probe-error/conditions.ts";
import { median, spreadOf } from "../src/statistics.ts";
const path = (process.argv[2] ?? "veth") as "veth";
for (let k=0;k<Number(process.argv[4]??2);k++){
const targets = await openPath(path);
const probe = await createProbeSocket({ clock: systemClock, random: systemRandom, timestamps: "kernel" });
for (const m of ["basic","interleaved"] as const) {
const t = createTurns(m, probe, targets);
const c = CONDITIONS.find(c=>c.name===(process.argv[3]??"idle"))!;
await c.run(probe, t, 300);
const f = await c.run(probe, t, 1500);
const s = spreadOf(f.errorsUs);
console.log(m, s.p50.toFixed(2), s.p99.toFixed(2), "out", median(f.outwardUs).toFixed(2), "home", median(f.homewardUs).toFixed(2), "passed", f.passed);
}
await probe[Symbol.asyncDispose](); await targets[Symbol.asyncDispose]();
}
