// A binary heap by deadline whose entries know their place, so that one can be taken out of the middle.

/** What the heap needs of an entry: its deadline, and room to note its place (-1: not in the heap). */
export interface HeapEntry {
  readonly deadlineMs: number;
  heapIndex: number;
}

/** Adds `entry`; the earliest deadline is at index 0. */
export function heapPush<Entry extends HeapEntry>(heap: Entry[], entry: Entry): void {
  heap.push(entry);
  heapRise(heap, entry, heap.length - 1);
}

/** Takes `entry` out, wherever it is. Does nothing when it is not in. */
export function heapRemove<Entry extends HeapEntry>(heap: Entry[], entry: Entry): void {
  const index = entry.heapIndex;
  if (index < 0) return;
  entry.heapIndex = -1;
  const last = heap.pop();
  if (last === undefined || last === entry) return;
  heapRise(heap, last, index);
  heapSink(heap, last, last.heapIndex);
}

function heapRise<Entry extends HeapEntry>(heap: Entry[], entry: Entry, from: number): void {
  let index = from;
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex];
    if (parent === undefined || parent.deadlineMs <= entry.deadlineMs) break;
    heap[index] = parent;
    parent.heapIndex = index;
    index = parentIndex;
  }
  heap[index] = entry;
  entry.heapIndex = index;
}

function heapSink<Entry extends HeapEntry>(heap: Entry[], entry: Entry, from: number): void {
  let index = from;
  for (;;) {
    const left = 2 * index + 1;
    const leftChild = heap[left];
    if (leftChild === undefined) break;
    const rightChild = heap[left + 1];
    const rightIsFirst = rightChild !== undefined && rightChild.deadlineMs < leftChild.deadlineMs;
    const child = rightIsFirst ? rightChild : leftChild;
    if (child.deadlineMs >= entry.deadlineMs) break;
    heap[index] = child;
    child.heapIndex = index;
    index = rightIsFirst ? left + 1 : left;
  }
  heap[index] = entry;
  entry.heapIndex = index;
}
