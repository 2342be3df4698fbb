// The fake's `/export/checks.csv` and `/export/checks.ndjson`, from its own pages.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { adminV1, EXPORTED_CHECK_COLUMNS, exportedCheck, exportedFields } from "@truechimer/api";
import { csvLine } from "@truechimer/base";

export async function* fakeExport(
  { listResults }: ServiceImpl<typeof adminV1.AdminService>,
  { pathname, searchParams }: URL,
): AsyncGenerator<string, void> {
  const isCsv = pathname.endsWith(".csv");
  if (isCsv) yield csvLine(EXPORTED_CHECK_COLUMNS);
  let pageToken = "";
  do {
    const request = create(adminV1.ListResultsRequestSchema, {
      filter: searchParams.get("filter") ?? "",
      order: adminV1.ResultOrder.OLDEST_FIRST,
      pageToken,
      ...instant("from", searchParams.get("from")),
      ...instant("to", searchParams.get("to")),
    });
    const page = create(
      adminV1.ListResultsResponseSchema,
      await listResults(request, {} as HandlerContext),
    );
    for (const listed of page.checks) {
      const check = exportedCheck(listed);
      yield isCsv ? csvLine(exportedFields(check)) : `${JSON.stringify(check)}\n`;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function instant(name: "from" | "to", text: string | null): object {
  return text === null ? {} : { [name]: timestampFromMs(Date.parse(text)) };
}
