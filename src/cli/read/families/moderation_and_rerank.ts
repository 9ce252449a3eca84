import type { Format } from "../parts/format.ts";
import { asText, type Json, listOf, numberOf, objectOf, textOf } from "../parts/json_members.ts";
import { type Message, message, type Part, text } from "../parts/message.ts";
import { promptsAsked } from "./request_input.ts";

/** Moderations: scores by category. */
export const moderation: Format = {
  kind: "moderation",
  fits: (answer) => listOf(answer.results).some((item) => objectOf(item).category_scores !== undefined),
  asked: promptsAsked,
  answered: (answer) => ({ messages: listOf(answer.results).map(objectOf).flatMap(judgement) }),
};

function judgement(result: Json): Message[] {
  const flagged = Object.entries(objectOf(result.categories)).filter(([, is]) => is === true).map(([name]) => name);
  const isFlagged = result.flagged === true || flagged.length > 0;
  const said = isFlagged ? ["flagged", flagged.join(", ")].filter(Boolean).join(": ") : "not flagged";
  return message("assistant", [...text(said), ...scores(Object.entries(objectOf(result.category_scores)))]);
}

/** Rankings: scores by document. */
export const rerank: Format = {
  kind: "rerank",
  fits: (answer) => ranked(answer).some((item) => numberOf(item.relevance_score) !== undefined),
  asked: promptsAsked,
  answered: (answer) => ({ messages: message("assistant", scores(ranked(answer).map(documentScore))) }),
};

function ranked(answer: Json): Json[] {
  return [...listOf(answer.results), ...listOf(answer.data)].map(objectOf);
}

function documentScore({ index, document, relevance_score: score }: Json): [name: string, score: unknown] {
  const shown = textOf(document) ?? textOf(objectOf(document).text);
  return [shown ?? asText(index ?? "?"), score];
}

function scores(pairs: readonly (readonly [name: string, score: unknown])[]): Part[] {
  const numbers = pairs.flatMap(([name, score]) => typeof score === "number" ? [[name, score] as const] : []);
  return numbers.length ? [{ kind: "scores", scores: numbers.sort(([, a], [, b]) => b - a) }] : [];
}
