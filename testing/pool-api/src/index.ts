export {
  createPoolApi,
  type Decision,
  type PoolApi,
  type PoolApiOptions,
  type PoolMonitor,
} from "./pool-api.ts";
export { createTestAuthority, type IssuedPair, type TestAuthority } from "./test-authority.ts";
