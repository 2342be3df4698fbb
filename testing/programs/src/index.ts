export { installedProgram, programAvailable } from "./program-available.ts";
