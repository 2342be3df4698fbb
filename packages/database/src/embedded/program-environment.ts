// The environment of PostgreSQL's programs: ours without what would change their meaning.

/** PGDATA, PGPORT and their kin are taken for settings; a locale changes the language of the log. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: "C", TZ: "UTC" };
}
