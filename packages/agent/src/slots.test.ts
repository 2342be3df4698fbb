import { describe, expect, test } from "vitest";
import { createSlots } from "./slots.ts";

const never = new AbortController().signal;

describe("slots", () => {
  test("let no more in than there are, first come, first served", async () => {
    const slots = createSlots(2);
    const order: string[] = [];
    const enter = async (name: string): Promise<() => void> => {
      const giveBack = await slots.take(never);
      order.push(name);
      return giveBack;
    };
    const [leaveA, leaveB] = await Promise.all([enter("a"), enter("b")]);
    const c = enter("c");
    const d = enter("d");
    await Promise.resolve();
    expect(order).toEqual(["a", "b"]);
    leaveB();
    await c;
    leaveA();
    await d;
    expect(order).toEqual(["a", "b", "c", "d"]);
    expect(slots.taken).toBe(2);
  });

  test("given back twice count once", async () => {
    const slots = createSlots(1);
    const giveBack = await slots.take(never);
    giveBack();
    giveBack();
    expect(slots.taken).toBe(0);
    await slots.take(never);
    expect(slots.taken).toBe(1);
  });

  test("are not kept by one who stops waiting", async () => {
    const slots = createSlots(1);
    const giveBack = await slots.take(never);
    const leaving = new AbortController();
    const impatient = slots.take(leaving.signal);
    const patient = slots.take(never);
    leaving.abort(new Error("enough"));
    await expect(impatient).rejects.toThrow("enough");
    giveBack();
    await patient;
    expect(slots.taken).toBe(1);
  });

  test("are refused to one who has already stopped", async () => {
    const slots = createSlots(1);
    await expect(slots.take(AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
    expect(slots.taken).toBe(0);
  });

  test("come back when the work within fails", async () => {
    const slots = createSlots(1);
    const failing = slots.hold(never, () => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    expect(slots.taken).toBe(0);
  });
});
