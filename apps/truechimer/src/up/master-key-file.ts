/** The master key's file in the data directory of `up`. */
export const MASTER_KEY_FILE = "master.key";
