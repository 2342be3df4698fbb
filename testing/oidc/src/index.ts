export { CLIENT, type TestProvider, useProvider } from "./use-provider.ts";
