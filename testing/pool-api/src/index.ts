export { createTestAuthority, type IssuedPair, type TestAuthority } from "./test-authority.ts";
