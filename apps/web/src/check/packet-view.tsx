// The packet by field beside its bytes. Pointing at one shows the other; choosing a field keeps it.

import type { adminV1 } from "@truechimer/api";
import { type ReactNode, useState } from "react";

const BYTES_A_ROW = 8;

interface PacketViewProps {
  readonly fields: readonly adminV1.PacketField[];
  readonly bytes: Uint8Array;
}

export function PacketView(props: PacketViewProps): ReactNode {
  const { fields, bytes } = props;
  const [pointed, setPointed] = useState<number>();
  const [chosen, setChosen] = useState<number>();
  if (bytes.length === 0) return <p className="soft">No packet came back.</p>;
  const shown = pointed ?? chosen;
  return (
    <div className="packet" onPointerLeave={() => setPointed(undefined)}>
      <div
        className="packet-bytes"
        role="group"
        aria-label={`${bytes.length} bytes in hexadecimal`}
      >
        {rowsOf(bytes).map((row, index) => (
          <div className="byte-row" key={index * BYTES_A_ROW}>
            <span className="byte-offset">{index * BYTES_A_ROW}</span>
            {row.map((byte, column) => {
              const at = index * BYTES_A_ROW + column;
              const field = fieldAt(fields, at);
              return (
                <span
                  key={at}
                  className={`byte${field !== undefined && field === shown ? " is-shown" : ""}`}
                  onPointerEnter={() => setPointed(field)}
                >
                  {byte.toString(16).padStart(2, "0")}
                </span>
              );
            })}
          </div>
        ))}
      </div>
      <table className="table is-compact packet-fields">
        <thead>
          <tr>
            <th scope="col" className="is-number">
              Byte
            </th>
            <th scope="col">Field</th>
            <th scope="col">Value</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field, index) => (
            <tr
              key={`${field.offsetBytes} ${field.name}`}
              className={index === shown ? "is-chosen" : ""}
              onPointerEnter={() => setPointed(index)}
            >
              <td className="is-number soft">{field.offsetBytes}</td>
              <th scope="row">
                <button
                  type="button"
                  className="legend-name"
                  aria-pressed={index === chosen}
                  title={`${field.rawHex}: show its bytes`}
                  onClick={() => setChosen(index === chosen ? undefined : index)}
                  onFocus={() => setPointed(index)}
                  onBlur={() => setPointed(undefined)}
                >
                  {field.name}
                </button>
              </th>
              <td className="number">{field.value}</td>
              <td className="soft">{field.meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function rowsOf(bytes: Uint8Array): readonly (readonly number[])[] {
  const rows: number[][] = [];
  for (let at = 0; at < bytes.length; at += BYTES_A_ROW)
    rows.push([...bytes.subarray(at, at + BYTES_A_ROW)]);
  return rows;
}

/** Several fields share the first byte; the last of them that begins there is shown. */
function fieldAt(fields: readonly adminV1.PacketField[], at: number): number | undefined {
  const index = fields.findIndex(
    (field) => at >= field.offsetBytes && at < field.offsetBytes + field.lengthBytes,
  );
  return index < 0 ? undefined : index;
}
