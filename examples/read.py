#!/usr/bin/env python3
"""Reads a cachy.jsonl, as FORMAT.md describes it.

`read.py FILE` lists the recorded responses.
`read.py FILE METHOD URL [BODYFILE]` prints the body of one response.

It does not implement the rules for ids of tool calls, credentials, file names, forms and the earlier rules, and the
options `normalize` and `omit`.
"""
import base64
import hashlib
import json
import re
import sys
from urllib.parse import unquote, urlsplit

CREDENTIALS = set(
    "key apikey xapikey xgoogapikey subscriptionkey ocpapimsubscriptionkey token accesstoken apitoken authtoken "
    "refreshtoken clientsecret password authorization sig signature xgoogsignature xgoogcredential".split()
)


def is_credential(pair):
    name = re.sub("[^a-z0-9]", "", unquote(pair.split("=")[0]).lower())
    return name in CREDENTIALS or name.startswith("xamz")


def digest(method, url, body=b"", **extras):
    scheme, host, path, query, _ = urlsplit(url)
    query = "&".join(pair for pair in query.split("&") if not is_credential(pair))
    start = ("" if method == "POST" else f"{method} ") + f"{scheme}://{host.rpartition('@')[2]}{path}"
    streams = path.endswith(":streamGenerateContent")
    try:
        value = json.loads(body)
        streams = streams or isinstance(value, dict) and value.get("stream") is True
        body = json.dumps(value, sort_keys=True).encode()
    except ValueError:
        pass  # other bodies are hashed unchanged
    end = "\n" + json.dumps(extras, ensure_ascii=False, separators=(",", ":")) if extras else ""
    return hashlib.sha256(f"{start}{'?' if query else ''}{query}{streams}".encode() + body + end.encode()).hexdigest()


def read(path):
    """Returns the newest entry of each digest. Lines from pycachy have only the first 8 digits of the digest, as `key`."""
    answers = {}
    for number, line in enumerate(open(path, "rb").read().split(b"\n"), 1):
        try:
            entry = json.loads(line.decode("utf-8-sig"))
            key, response, v = entry["key"], entry["response"], entry.get("v", 1)
            if v == 1 and isinstance(response, str) and (entry.get("status_code") or 200) // 100 == 2:
                body = base64.b64decode(response) if entry.get("binary") else response.encode()
                name, time = entry.get("sha256", key), entry.get("recorded_at")
                before = answers[name][0].get("recorded_at") if name in answers else None
                if not time or not before or str(time) >= str(before):
                    answers[name] = entry, body
        except (ValueError, TypeError, KeyError, AttributeError):
            if line.strip():
                print(f"line {number} is no entry", file=sys.stderr)
    return answers


if __name__ == "__main__":
    path, *request = sys.argv[1:] or sys.exit(__doc__)
    answers = read(path)
    if not request:
        for entry, body in answers.values():
            print(entry["key"], entry.get("recorded_at", "-"), entry.get("request", {}).get("url", "-"), len(body))
    else:
        method, url, *body = request
        sha256 = digest(method, url, open(body[0], "rb").read() if body else b"")
        entry, body = answers.get(sha256) or answers.get(sha256[:8]) or sys.exit(f"{sha256} is not recorded")
        sys.stdout.buffer.write(body)
