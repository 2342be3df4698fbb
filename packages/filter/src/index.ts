export { FIELDS, findField, writtenName } from "./catalogue.ts";
export { compileCondition, type ReadColumn, type Readers } from "./compile-condition.ts";
export {
  type Candidate,
  type Completion,
  type CompletionQuestion,
  completeFilter,
} from "./complete-filter.ts";
export type { Comparison, Condition, ConditionValue, Pattern, PatternPart } from "./condition.ts";
export type { Column, Entity, Field, FieldType, Subject } from "./field.ts";
export { readFilter } from "./filter.ts";
export { FILTER_LIMITS } from "./filter-limits.ts";
export type { FilterNode, Operator, WrittenValue } from "./filter-node.ts";
export { type FilterProblem, filterPointer, filterProblemText } from "./filter-problem.ts";
export {
  type CertificateFacts,
  certificateReaders,
  monitorReaders,
  serverReaders,
} from "./message-readers.ts";
export { parseFilter } from "./parse-filter.ts";
export { parseInstant } from "./parse-value.ts";
export { printFilter, quotedText } from "./print-filter.ts";
export { resolveFilter } from "./resolve-filter.ts";
export { columnsOf, type SplitCondition, splitCondition } from "./split-condition.ts";
