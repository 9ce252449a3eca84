/** The prompts of all drivers. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PROMPT = "What is the weather like in Zürich? 🌦️";
export const MESSAGES = [{ role: "user" as const, content: PROMPT }];
export const API_KEY = "key-of-the-tests";

export const TOOL_NAME = "get_weather";
export const TOOL_DESCRIPTION = "Tells the weather of a city.";
export const TOOL_SCHEMA = {
  type: "object" as const,
  properties: { city: { type: "string" as const, description: "Name of the city." } },
  required: ["city"],
  additionalProperties: false,
};

export function weather(city: string): string {
  return `It rains in ${city} ☔, 7 °C.`;
}

export const NOTES = "Notes for the upload: é, 日本, 🚀.\n".repeat(20);

export function notesFile(): File {
  return new File([NOTES], "notes.txt", { type: "text/plain" });
}

/** A short sound that is not valid UTF-8. */
export function soundFile(): File {
  const bytes = Uint8Array.from({ length: 600 }, (_, index) => (index * 37) % 256);
  return new File([bytes], "sound.wav", { type: "audio/wav" });
}

/** Returns the path of a file with `NOTES`, and removes the file afterwards. */
export async function withNotesOnDisk<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "cachy-sdk-"));
  try {
    const path = join(folder, "notes.txt");
    await writeFile(path, NOTES);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
