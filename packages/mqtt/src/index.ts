export type Unfinished = never;
