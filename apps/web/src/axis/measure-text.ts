// Widths of labels in the page's own font, remembered.

const widths = new Map<string, number>();
let context: CanvasRenderingContext2D | null | undefined;

/** Pixels that `text` takes at 12 pixels' size. */
export function labelWidth(text: string, strong: boolean): number {
  const key = (strong ? "s" : "r") + text;
  const known = widths.get(key);
  if (known !== undefined) return known;
  context ??= document.createElement("canvas").getContext("2d");
  if (context === null) return text.length * 7;
  context.font = `${strong ? 600 : 400} 12px ${getComputedStyle(document.body).fontFamily}`;
  const width = context.measureText(text).width;
  widths.set(key, width);
  return width;
}
