"""Prints the entries of a cachy.jsonl as one JSON list, read in the ways that Python reads lines. Argument: the file."""

import base64
import json
import sys
from pathlib import Path

path = Path(sys.argv[1])
with path.open(encoding="utf-8") as file:
    entries = [json.loads(line) for line in file]
text = path.read_text(encoding="utf-8")
assert [json.loads(line) for line in text.splitlines()] == entries, "splitlines() sees other lines"
assert [json.loads(line) for line in path.read_bytes().splitlines()] == entries, "bytes have other lines"
for entry in entries:
    if entry.get("binary"):
        base64.b64decode(entry["response"], validate=True)
print(json.dumps(entries))
