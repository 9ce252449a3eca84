/** A file that registers no test. */
export {};
