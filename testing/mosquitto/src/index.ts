export { type Mosquitto, type MosquittoOptions, startMosquitto } from "./mosquitto.ts";
export { mosquittoAvailable } from "./mosquitto-available.ts";
