// What waits to be written to one stream. Bounded: whoever cannot keep up is better off with a new stream, which begins
// with what is still open, than with a replica that fills its memory for it.

export interface EventQueue<Event> extends AsyncIterable<Event> {
  /** False: there is no room, or the queue was closed. */
  push(event: Event): boolean;
  /** Ends the iteration after what is queued. */
  close(): void;
}

export function createEventQueue<Event>(max: number): EventQueue<Event> {
  const events: Event[] = [];
  let closed = false;
  let wake = (): void => {};
  return {
    push: (event) => {
      if (closed || events.length >= max) return false;
      events.push(event);
      wake();
      return true;
    },
    close: () => {
      closed = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) {
          yield event;
        } else if (closed) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
