"""Adds entries to a cachy.jsonl like pycachy: for each entry, the whole file is read, sorted by key, and replaced.

Arguments: the file, and the entries as JSON, one per argument.
"""

import json
import os
import sys
from pathlib import Path

path = Path(sys.argv[1])
beside = path.with_suffix(".tmp")
for argument in sys.argv[2:]:
    added = json.loads(argument)
    entries = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            entries.setdefault(entry["key"], entry)
    entries[added["key"]] = added
    with beside.open("w", encoding="utf-8", newline="\n") as lines:
        for key in sorted(entries):
            lines.write(json.dumps(entries[key]) + "\n")
    os.replace(beside, path)
