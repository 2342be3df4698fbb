// How this program names itself where it leaves a trace: in the ledger of migrations, in PostgreSQL's list of sessions.

import { PRODUCT_VERSION } from "./product-version.ts";

export const APPLIED_BY: string = `truechimer ${PRODUCT_VERSION}`;
