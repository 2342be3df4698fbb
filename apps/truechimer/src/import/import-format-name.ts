// The forms that an import reads, apart from their readers: the command line names them without loading those.

/** chrony.conf, ntp.conf, ntp.toml of ntpd-rs, and CSV. */
export const IMPORT_FORMATS = ["chrony", "ntp", "ntpd-rs", "csv"] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];
