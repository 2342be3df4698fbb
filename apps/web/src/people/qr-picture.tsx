// A QR code as one path, dark on light in both schemes: cameras want it so.

import { encodeQR } from "qr";
import { type ReactNode, useMemo } from "react";

/** ISO/IEC 18004, section 6.3.8: the quiet zone around it, in modules. */
const QUIET_MODULES = 4;

export function QrPicture(props: { readonly text: string; readonly label: string }): ReactNode {
  const { path, side } = useMemo(() => pathOf(props.text), [props.text]);
  return (
    <svg
      className="qr-picture"
      role="img"
      aria-label={props.label}
      viewBox={`0 0 ${side} ${side}`}
      shapeRendering="crispEdges"
    >
      <rect className="qr-paper" width={side} height={side} />
      <path className="qr-ink" d={path} />
    </svg>
  );
}

function pathOf(text: string): { readonly path: string; readonly side: number } {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET_MODULES });
  const path = rows
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return { path, side: rows.length };
}
