// RunLoop: a loop is due at once, because a person says so.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError, assert } from "@truechimer/base";
import { inTransaction } from "@truechimer/database";
import { recordAct } from "../audit/record-act.ts";
import { askForRun } from "../loops/ask-for-run.ts";
import type { ActingContext } from "../people/caller.ts";
import { listLoops } from "./loop-messages.ts";

export async function runLoopNow(
  context: ActingContext,
  { name }: adminV1.RunLoopRequest,
): Promise<adminV1.RunLoopResponse> {
  if (context.loops.every((loop) => loop.name !== name)) {
    const names = context.loops.map((loop) => loop.name).toSorted();
    throw new AppError(
      "not_found",
      `there is no loop "${name.slice(0, NAME_SHOWN_MAX)}": one of ${names.join(", ")}`,
    );
  }
  const asked = await inTransaction(context.database, async (transaction) => {
    const outcome = await askForRun(transaction, name);
    await recordAct(transaction, context.caller, {
      act: "loop_run",
      object: `loop ${name}`,
      after: { outcome },
    });
    return outcome;
  });
  context.logger.info({ loop: name, asked }, "a run of a loop was asked for");
  const loop = (await listLoops(context)).find((each) => each.name === name);
  assert(loop !== undefined, "a loop's row is made at the start and never goes");
  return create(adminV1.RunLoopResponseSchema, { loop, alreadyRunning: asked === "running" });
}

/** Of what was asked for; a name is shorter. */
const NAME_SHOWN_MAX = 64;
