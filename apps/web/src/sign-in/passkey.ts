// The browser's side of passkeys: what the server asks for, as JSON, becomes the device's answer, as JSON. The server names the
// one place where passkeys work; the page says where it is itself.

import { Code, ConnectError } from "@connectrpc/connect";
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";

/**
 * here: they can be used on this page; elsewhere: the dashboard has to be opened at another address; nowhere: its address has no
 * name; unsupported: this browser has none.
 */
export type PasskeyPlace = "here" | "elsewhere" | "nowhere" | "unsupported";

/** `passkeyOrigin`: as the server says it. `pageOrigin`: of this page. */
export function passkeyPlace(
  passkeyOrigin: string,
  pageOrigin: string = globalThis.location.origin,
  isSupported: () => boolean = browserSupportsWebAuthn,
): PasskeyPlace {
  if (passkeyOrigin === "") return "nowhere";
  if (passkeyOrigin !== pageOrigin) return "elsewhere";
  return isSupported() ? "here" : "unsupported";
}

/** Asks a passkey of this device, or of one at hand, to sign. */
export async function signedByPasskey(optionsJson: string): Promise<string> {
  const optionsJSON = JSON.parse(optionsJson) as PublicKeyCredentialRequestOptionsJSON;
  return answered(() => startAuthentication({ optionsJSON }));
}

/** Makes a passkey on this device, or on one at hand. */
export async function newPasskey(optionsJson: string): Promise<string> {
  const optionsJSON = JSON.parse(optionsJson) as PublicKeyCredentialCreationOptionsJSON;
  return answered(() => startRegistration({ optionsJSON }));
}

async function answered(ask: () => Promise<object>): Promise<string> {
  try {
    return JSON.stringify(await ask());
  } catch (cause) {
    throw new ConnectError(
      passkeyTrouble(cause),
      Code.InvalidArgument,
      undefined,
      undefined,
      cause,
    );
  }
}

/** In words. Web Authentication, Level 3, section 5.1.3 and 5.1.4: the names of what a browser throws. */
export function passkeyTrouble(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : "";
  switch (name) {
    case "InvalidStateError":
      return "this device has a passkey of yours already: use another device";
    case "SecurityError":
      return "the browser gives no passkeys to this page: its address has no name, or its certificate is not trusted";
    case "NotSupportedError":
    case "ConstraintError":
      return "this device cannot make such a passkey: use another one";
    default:
      return "no passkey was used: it was cancelled, took too long, or this device has none that fits";
  }
}
