export {
  type TestDatabase,
  type TestDatabaseOptions,
  useDatabase,
  withTemplateDatabase,
} from "./use-database.ts";
