#!/usr/bin/env node
// The one program, with every role.

import { createProgram } from "./program.ts";
import { runProcess } from "./run-process.ts";

await runProcess(createProgram);
