// Takes the place of the global `Headers` in the bundle. Node's own is part of its whole fetch implementation, which is
// loaded at the first `new Headers()` and stays: 18 MB of resident memory, for nothing else that the agent uses. What is
// here is what Connect and the agent ask of one. WHATWG Fetch, section 2.2.2; values are joined by a comma and a blank.

type HeadersSource = Iterable<readonly [string, string]> | Readonly<Record<string, string>>;

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what a value must not hold
const FORBIDDEN_IN_VALUE = /[\0\r\n]/;

class PlainHeaders implements Iterable<[string, string]> {
  readonly #fields = new Map<string, string>();

  constructor(source: HeadersSource = []) {
    const entries =
      Symbol.iterator in source
        ? (source as Iterable<readonly [string, string]>)
        : Object.entries(source);
    for (const [name, value] of entries) this.append(name, value);
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }

  delete(name: string): void {
    this.#fields.delete(name.toLowerCase());
  }

  get(name: string): string | null {
    return this.#fields.get(name.toLowerCase()) ?? null;
  }

  getSetCookie(): string[] {
    return [];
  }

  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    const text = value.trim();
    if (!NAME.test(name) || FORBIDDEN_IN_VALUE.test(text)) {
      throw new TypeError(`"${name}" or its value is no header field`);
    }
    this.#fields.set(name.toLowerCase(), text);
  }

  forEach(visit: (value: string, name: string, parent: PlainHeaders) => void): void {
    for (const [name, value] of this) visit(value, name, this);
  }

  *entries(): IterableIterator<[string, string]> {
    yield* [...this.#fields].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

export { PlainHeaders as Headers };
