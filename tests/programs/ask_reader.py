"""Asks the reader of reader.py. Argument: a file of JSON lists, [FILE, REQUESTS], one per line.

Prints a JSON line for each: the digests, the responses (or null), and the numbers of invalid lines.
"""

import base64
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import reader  # noqa: E402

for line in Path(sys.argv[1]).read_bytes().splitlines():
    path, requests = json.loads(line)
    problems, digests, answers = [], [], []
    entries = reader.entries_in(Path(path).read_bytes() if path else b"", problems.append)
    for request in requests:
        request["body"] = base64.b64decode(request["body"])
        digests.append(reader.digest(**request)[0])
        entry = reader.find(entries, **request)
        if entry is None:
            answers.append(None)
        else:
            status, headers, body = reader.answer_of(entry)
            answers.append([status, sorted(headers.items()), base64.b64encode(body).decode()])
    numbers = [int(problem.split(":")[0].removeprefix("line ")) for problem in problems]
    print(json.dumps({"digests": digests, "answers": answers, "problems": numbers}))
