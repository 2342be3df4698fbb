// What goes out, whichever way.

import type { AlertMessageKindName, JsonValue } from "@truechimer/database";

export interface MessageToSend {
  readonly kind: AlertMessageKindName;
  /** The same for every attempt. */
  readonly key: string;
  /** Of the message that this one is an answer to. Absent: none. */
  readonly answersKey: string | undefined;
  readonly subject: string;
  readonly body: string;
  /** The same for programs. */
  readonly facts: JsonValue;
  /** Of the message that this one is an answer to. Null: none. */
  readonly answersFacts: JsonValue;
  readonly createdAtMs: number;
}

/** Another attempt cannot help. */
export class SendRefused extends Error {
  override readonly name: string = "SendRefused";

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}
