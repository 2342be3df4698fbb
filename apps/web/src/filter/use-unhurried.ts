// What somebody types is asked when they pause, not at every key.

import { useEffect, useState } from "react";

const PAUSE_MS = 250;

/** The value as it was when it last stood still. */
export function useUnhurried<Value>(value: Value): Value {
  const [stood, setStood] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStood(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return stood;
}
