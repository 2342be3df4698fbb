export { chronyAvailable } from "./chrony-available.ts";
