// The event strip: a shape for each change of the verdict, a tick for everything else.

import { verdictPath } from "../parts/verdict.tsx";
import type { ChartEvent } from "./chart-model.ts";
import type { Canvas } from "./draw.ts";

export function drawEvents(canvas: Canvas, events: readonly ChartEvent[]): void {
  const { context, box, ratio, colours } = canvas;
  const middle = box.top + box.height / 2;
  context.strokeStyle = colours.hairline;
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(box.left, Math.round(middle) + 0.5);
  context.lineTo(box.left + box.width, Math.round(middle) + 0.5);
  context.stroke();
  for (const event of events) {
    const x = canvas.x(event.atMs);
    if (x < box.left - 8 || x > box.left + box.width + 8) continue;
    context.save();
    context.translate(x, middle);
    context.scale(ratio, ratio);
    if (event.verdict === undefined) {
      context.fillStyle = colours.soft;
      context.fillRect(-0.5, -5, 1, 10);
    } else {
      const path = new Path2D(verdictPath(event.verdict, 4.5));
      context.fillStyle = event.verdict === "unsure" ? colours.paper : colours[event.verdict];
      context.strokeStyle = colours[event.verdict];
      context.lineWidth = 2;
      context.fill(path);
      if (event.verdict === "unsure" || event.verdict === "unreachable") context.stroke(path);
    }
    context.restore();
  }
}
