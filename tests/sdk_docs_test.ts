/** The page about SDKs: its table says what the tests try, and its programs run. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { startProvider } from "./provider/provider.ts";
import { snippetsOf, writePrograms } from "./readme.ts";
import { sdkTable } from "./sdk/table.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const page = readFileSync(new URL("../docs/sdks.md", import.meta.url), "utf8");

test("the table of docs/sdks.md is the one that the cases of the tests make", () => {
  const [, table] = /^(\| package .*?)\n\n/ms.exec(page) ?? [];
  assert.equal(table, sdkTable(), `Replace the table in docs/sdks.md with this one:\n\n${sdkTable()}\n`);
});

test("each recipe in the table of docs/sdks.md is a section of the page", () => {
  const links = [...page.matchAll(/\[recipe\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));
  assert.ok(links.length > 5);
  assert.deepEqual(links.filter((anchor) => !headings.includes(anchor ?? "")), []);
});

slowTest("the programs of docs/sdks.md record, and then replay from the file", async (t) => {
  const provider = await startProvider({ pause: 0 });
  const snippets = snippetsOf(page);
  const programs = writePrograms(provider, snippets);
  t.after(async () => {
    programs.remove();
    await provider.stop();
  });
  assert.equal(snippets.length, 2);
  for (const index of snippets.keys()) {
    const cwd = temporaryFolder(t);
    const first = await programs.run(index, { cwd });
    const { length } = provider.requests;
    const second = await programs.run(index, { cwd, env: { CI: "true" } });
    assert.equal(provider.requests.length, length);
    assert.match(first.stdout, / 0\n$/);
    assert.match(second.stdout, / [12]\n$/);
    assert.equal(second.stdout.replace(/ \d\n$/, ""), first.stdout.replace(/ \d\n$/, ""));
  }
});
