#!/usr/bin/env node
// The agent as a program of its own, `truechimer-agent`: what the bundle holds.

import { createAgentProgram } from "./agent-program.ts";
import { runProcess } from "./run-process.ts";

await runProcess(createAgentProgram);
