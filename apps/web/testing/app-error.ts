// A refusal as the real server words it.

import { type Code, ConnectError } from "@connectrpc/connect";

/** Connect's code, and the product's own in its header. */
export function appError(code: Code, appCode: string, message: string): ConnectError {
  return new ConnectError(message, code, { "truechimer-error-code": appCode });
}
