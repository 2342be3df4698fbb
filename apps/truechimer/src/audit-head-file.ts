// Where `up` keeps the signed end of the audit trail, and `audit verify` looks for it: in the data directory.

export const AUDIT_HEAD_FILE = "audit-head.json";
