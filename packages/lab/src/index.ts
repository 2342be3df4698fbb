export { createLab, type Lab, type LabOptions, type LabServer } from "./lab.ts";
export { LAB_CATALOGUE, type LabServerDefinition, type LabVerdict } from "./lab-catalogue.ts";
export type { LabFault } from "./lab-fault.ts";
export { VANTAGE_POINTS_COUNT, type VantagePoint } from "./vantage-points.ts";
