/** Why an answer did not become an entry. */
export type DropReason =
  /** The status is not a success, or means that there is no answer yet. */
  | "status"
  /** The connection broke, or the caller's signal was aborted. */
  | "broken"
  /** The caller stopped reading before the end. */
  | "cancelled"
  /** The body ended without an error, but too early. */
  | "truncated"
  /** The answer, or an event of it, reports an error. */
  | "error"
  /** A job that is still running. */
  | "unfinished"
  /** Longer than `maxBodyBytes`. */
  | "too-large"
  /** The answer holds the value of a credential from the environment. */
  | "secret"
  /** The option `fetch` gave something else than a standard `Response`. */
  | "not-readable"
  /** The store failed. */
  | "not-written";

/** Why a body is not whole or not successful. */
export interface Problem {
  readonly reason: DropReason;
  readonly detail: string;
}

/** What is known of an answer before its body. */
export interface AnswerHead {
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
}
