// MMDB files for tests, written by the format's description (MaxMind DB File Format Specification 2.0): a binary tree over
// the bits of addresses with records of 24 bits, a section of data, and the metadata behind a mark.

import { parseIpAddress } from "@truechimer/base";

/** "192.0.2.0/24": what the file says of it. */
export type MmdbEntries = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

const RECORD_BYTES = 3;
const BITS = 128;
const SEPARATOR_BYTES = 16;
const METADATA_MARK = Buffer.from("abcdef4d61784d696e642e636f6d", "hex");
/** Types of the data section. */
const TYPE = { text: 2, uint16: 5, uint32: 6, map: 7, uint64: 9, array: 11 } as const;

type Node = [Branch, Branch];
type Branch = Node | { readonly dataAt: number } | undefined;

/** A file for both families: IPv4 addresses lie in ::/96. */
export function mmdbFile(type: string, entries: MmdbEntries): Buffer {
  const root: Node = [undefined, undefined];
  const data: Buffer[] = [];
  let dataAt = 0;
  for (const [prefix, record] of Object.entries(entries)) {
    insert(root, bitsOf(prefix), { dataAt });
    const encoded = map(record);
    data.push(encoded);
    dataAt += encoded.length;
  }
  const nodes = numbered(root);
  const tree = Buffer.alloc(nodes.size * 2 * RECORD_BYTES);
  for (const [node, number] of nodes) {
    for (const [side, branch] of node.entries()) {
      const value =
        branch === undefined
          ? nodes.size
          : "dataAt" in branch
            ? nodes.size + SEPARATOR_BYTES + branch.dataAt
            : (nodes.get(branch) ?? 0);
      tree.writeUIntBE(value, (number * 2 + side) * RECORD_BYTES, RECORD_BYTES);
    }
  }
  const metadata = Buffer.concat([
    control(TYPE.map, 9),
    ...pair("binary_format_major_version", uint(TYPE.uint16, 2)),
    ...pair("binary_format_minor_version", uint(TYPE.uint16, 0)),
    ...pair("build_epoch", uint(TYPE.uint64, 1_700_000_000)),
    ...pair("database_type", text(type)),
    ...pair("description", map({ en: "for tests" })),
    ...pair("ip_version", uint(TYPE.uint16, 6)),
    ...pair("languages", control(TYPE.array, 0)),
    ...pair("node_count", uint(TYPE.uint32, nodes.size)),
    ...pair("record_size", uint(TYPE.uint16, RECORD_BYTES * 8)),
  ]);
  return Buffer.concat([tree, Buffer.alloc(SEPARATOR_BYTES), ...data, METADATA_MARK, metadata]);
}

function bitsOf(prefix: string): readonly number[] {
  const [start = "", length = ""] = prefix.split("/");
  const address = parseIpAddress(start);
  if (!address.ok) throw new RangeError(address.error);
  const { bytes } = address.value;
  const padding = BITS - bytes.length * 8;
  const all = [...bytes].flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> (7 - bit)) & 1),
  );
  return [...Array.from({ length: padding }, () => 0), ...all.slice(0, Number(length))];
}

function insert(root: Node, bits: readonly number[], leaf: { readonly dataAt: number }): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const found = node[bit as 0 | 1];
    const next: Node = Array.isArray(found) ? found : [found, found];
    node[bit as 0 | 1] = next;
    node = next;
  }
  node[(bits.at(-1) ?? 0) as 0 | 1] = leaf;
}

function numbered(root: Node): ReadonlyMap<Node, number> {
  const numbers = new Map<Node, number>();
  const walk = (node: Node): void => {
    numbers.set(node, numbers.size);
    for (const branch of node) if (Array.isArray(branch)) walk(branch);
  };
  walk(root);
  return numbers;
}

function pair(key: string, value: Buffer): readonly Buffer[] {
  return [text(key), value];
}

function map(record: Readonly<Record<string, string | number>>): Buffer {
  const pairs = Object.entries(record).flatMap(([key, value]) =>
    pair(key, typeof value === "string" ? text(value) : uint(TYPE.uint32, value)),
  );
  return Buffer.concat([control(TYPE.map, pairs.length / 2), ...pairs]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([control(TYPE.text, bytes.length), bytes]);
}

function uint(type: number, value: number): Buffer {
  const digits = value.toString(16);
  const bytes =
    value === 0
      ? Buffer.alloc(0)
      : Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  return Buffer.concat([control(type, bytes.length), bytes]);
}

/** Types above 7 have a byte of their own; sizes from 29 on have another. */
function control(type: number, size: number): Buffer {
  const isExtended = type > 7;
  const isLong = size >= 29;
  return Buffer.from([
    ((isExtended ? 0 : type) << 5) | (isLong ? 29 : size),
    ...(isExtended ? [type - 7] : []),
    ...(isLong ? [size - 29] : []),
  ]);
}
