// Why the control plane let nobody in who came back from the OpenID Connect provider.

const WORDS: ReadonlyMap<string, string> = new Map([
  [
    "attempt_ended",
    "That sign-in was not begun in this browser, was used before, or took longer than ten minutes. Begin again.",
  ],
  [
    "provider_refused",
    "The provider did not let you in, or its answer does not hold. Begin again; the server's log says more.",
  ],
  [
    "provider_unreachable",
    "The provider does not answer, or not as expected. Try again later; the server's log says more.",
  ],
  [
    "no_role",
    "The provider knows you, but nothing that it says of you gives you a role here. Ask an admin which group you need.",
  ],
  [
    "no_account",
    "The provider knows you, but names no account of this installation. Ask an admin.",
  ],
  [
    "bad_name",
    "The name that the provider has for you cannot be shown here: it is empty, too long, or holds characters that are not seen. Ask an admin.",
  ],
  [
    "name_taken",
    "There is already a user of your name here, who is not taken over. Sign in with the password, or ask an admin.",
  ],
  ["locked_out", "You are locked out. Ask an admin to let you in again."],
]);

/** Of the page's address. Undefined: nobody was refused, or for a reason that we do not know. */
export function refusalWords(search: string): string | undefined {
  return WORDS.get(new URLSearchParams(search).get("sign_in_refused") ?? "");
}
