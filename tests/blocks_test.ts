import assert from "node:assert/strict";
import { blockCollector, joined, oneBlock, piecesOf, textsOf } from "../src/lib/blocks.ts";
import { isUtf8, utf8 } from "../src/lib/bytes.ts";
import { test } from "./suite.ts";

test("blockCollector() copies chunks of any length, and what was collected does not change later", () => {
  const collector = blockCollector();
  const chunks = [1, 4095, 2, 0, 70_000, 3_000_000, 5].map((length, at) => new Uint8Array(length).fill(at + 1));
  for (const chunk of chunks) collector.add(chunk);
  const before = collector.collected();
  const expected = chunks.map((chunk) => [...chunk]).flat();
  for (const chunk of chunks) chunk.fill(9);
  collector.add(utf8("more"));
  assert.deepEqual([before.byteLength, before.blocks.length > 3], [expected.length, true]);
  assert.ok(joined(before).every((byte, at) => byte === expected[at]));
  assert.equal(collector.byteLength, expected.length + 4);
  assert.deepEqual([...joined(collector).subarray(-5)], [7, ...utf8("more")]);
  assert.throws(() => collector.add("text" as unknown as Uint8Array));
});

test("joined() copies nothing if there is only one block, and joins none", () => {
  const bytes = utf8("one");
  assert.equal(joined(oneBlock(bytes)), bytes);
  assert.deepEqual(joined(blockCollector()), new Uint8Array());
});

test("textsOf() cuts between characters, wherever blocks and pieces end", () => {
  const text = "aé€😀".repeat(9);
  const bytes = utf8(text);
  for (let size = 1; size <= 12; size++) {
    const blocks = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, at) => bytes.slice(at * size, (at + 1) * size),
    );
    for (let length = 8; length < 20; length++) {
      const body = { byteLength: bytes.length, blocks };
      assert.equal([...textsOf(body, { length })].join(""), text, `blocks of ${size}, pieces of ${length}`);
      const overlapping = [...textsOf(body, { length: 16 + length, overlap: 8 })];
      // Each part of two characters is in one of the pieces.
      for (const two of ["aé", "é€", "€😀", "😀a"]) {
        const count = overlapping.reduce((count, piece) => count + piece.split(two).length - 1, 0);
        assert.ok(count >= text.split(two).length - 1, `${two} in ${JSON.stringify(overlapping)}`);
      }
      assert.ok(!overlapping.join("").includes("\uFFFD"));
    }
  }
});

test("piecesOf() returns invalid UTF-8 and bytes without a place to cut, too", () => {
  for (const byte of [0x80, 0xc3, 0xe2, 0xf0, 0xff]) {
    const body = oneBlock(new Uint8Array(50).fill(byte));
    const pieces = [...piecesOf(body, { length: 16, endIn: () => 0 })].map(({ length }) => length);
    assert.deepEqual(pieces, [16, 16, 16, 2]);
    const lengths = [...piecesOf(body, { length: 16 })].map(({ length }) => length);
    assert.equal(lengths.reduce((sum, length) => sum + length), 50, `${byte}`);
    assert.equal(isUtf8(joined(body)), false);
    const overlapping = piecesOf(body, { length: 32, overlap: 8, endIn: ({ length }) => length });
    let [count, sum] = [0, 0];
    for (const { length } of overlapping) {
      sum += length;
      assert.ok(++count < 9, `pieces of 0x${byte.toString(16)} without an end`);
    }
    assert.ok(sum >= 50);
  }
});
