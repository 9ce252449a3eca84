#!/usr/bin/env python3
"""Reads a cachy.jsonl: a reader in another language, written from FORMAT.md. Python 3.9+, standard library only.

    reader.py FILE                          lists the newest entry of each digest
    reader.py FILE METHOD URL [BODYFILE]    writes the recorded response; --help lists further parts of the identity

BODYFILE is the body as it was sent, `-` is standard input. Standard error gets the status and headers of the response,
and the invalid lines. Exit code 1: the request is not recorded. Not supported: forms made of parts (`FormData`),
credentials inside header values, the option `normalize`, which only the recording program knows, and lines nested
thousands of levels deep.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from urllib.parse import urlsplit

CREDENTIALS = set(
    "key apikey xapikey xgoogapikey subscriptionkey ocpapimsubscriptionkey token accesstoken apitoken authtoken "
    "refreshtoken clientsecret password authorization sig signature xgoogsignature xgoogcredential".split()
)
KEY_HEADER = re.compile(
    r"(anthropic-beta|x-anthropic-beta|x-pass-anthropic-beta|openai-beta|groq-model-version|ai-([^:]+-)?model-id"
    r"|ai-language-model-streaming|azureml-model-deployment|x-amzn-bedrock-[^:]+|x-dashscope-sse|prefer"
    r"|x-goog-upload-(command|offset)|x-fal-target-url|x-litellm-tags|cf-aig-(cache-key|gateway-id)"
    r"|helicone-(target-url|target-provider|openai-api-base|fallbacks|cache-seed)"
    r"|x-portkey-(provider|config|virtual-key|custom-host|cache-namespace|strict-open-ai-compliance"
    r"|anthropic-beta|anthropic-version|azure-resource-name|azure-deployment-id|azure-api-version)):"
    r"|anthropic-version:(?!2023-06-01$)|x-openrouter-(experimental-)?metadata:(?!disabled$)|accept:(audio|image)/"
)
GEMINI_PATH = re.compile(r":(generateContent|streamGenerateContent|batchGenerateContent|countTokens)$")
NEVER_KEPT = {"set-cookie", "content-encoding", "content-length", "transfer-encoding"}
sys.setrecursionlimit(5000)
getattr(sys, "set_int_max_str_digits", lambda digits: None)(0)  # integers count digit for digit


# The digest


def parse_json(text):
    """Standard JSON: Python's parser also accepts NaN and Infinity."""
    def refuse(name):
        raise ValueError(f"{name} is not JSON")
    return json.loads(text, parse_constant=refuse)


def depth_of(text):
    """The nesting depth of the lists and objects of a JSON text."""
    depth = deepest = 0
    for mark in re.findall(r"[][{}]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def identity_url(url):
    """A URL from a URL parser, without the parts that do not belong to the identity."""
    scheme, host, path, query, _ = urlsplit(url)
    host = re.sub(":443$" if scheme == "https" else ":80$", "", host.rpartition("@")[2].lower())
    kept = [pair for pair in query.split("&") if not is_credential(pair)]
    return f"{scheme}://{host}{path or '/'}" + (f"?{'&'.join(kept)}" if query and kept else "")


def is_credential(pair):
    name = re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), pair.split("=")[0])
    squashed = re.sub("[^a-z0-9]", "", name.lower())
    return squashed in CREDENTIALS or squashed.startswith("xamz")


def renumber_calls(value, numbers, path=()):
    """Visits names in sorted order, so that ids are numbered in the order of the canonical text."""
    if isinstance(value, dict):
        return {name: renumber_calls(value[name], numbers, (*path, name)) for name in sorted(value)}
    if isinstance(value, list):
        return [renumber_calls(item, numbers, path) for item in value]
    outermost = [bool(re.fullmatch("function_?(call|response)", name, re.I | re.A)) for name in path]
    is_call_id = isinstance(value, str) and True in outermost and outermost.index(True) == len(path) - 2
    return numbers.setdefault(value, f"call-{len(numbers) + 1}") if is_call_id and path[-1] == "id" else value


def canonical_body(body, path, content_type):
    """The bytes to hash, and whether the body requests a stream."""
    try:
        if "json" in content_type.lower() and depth_of(body.decode()) <= 900:
            value = parse_json(body.decode())
            renumbered = renumber_calls(value, {}) if GEMINI_PATH.search(path) else value
            canonical = json.dumps(renumbered, sort_keys=True).encode()
            return canonical, isinstance(value, dict) and value.get("stream") is True
    except (ValueError, RecursionError):
        pass  # neither UTF-8 nor JSON
    boundary = re.match(r'multipart/.*?;\s*boundary=(?:"([^"]+)"|([^;\s]+))', content_type, re.I | re.S)
    return body.replace((boundary[1] or boundary[2]).encode(), b"cachy-boundary") if boundary else body, False


def digest(method, url, body=b"", headers=(), n=None, namespace=None, key_headers=()):
    """The SHA-256 of a request, and whether headers are its only extra."""
    joined = {}
    for name, value in [(name.lower(), value.strip(" \t\r\n")) for name, value in headers]:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    hashed = [
        (name, value) for name, value in sorted(joined.items())
        if KEY_HEADER.match(f"{name}:{value}") or name in key_headers
    ]
    given = {"headers": hashed or None, "n": n, "namespace": namespace}
    given = {name: value for name, value in given.items() if value is not None}
    extras = "\n" + json.dumps(given, ensure_ascii=False, separators=(",", ":")) if given else ""
    path = urlsplit(url).path
    text, streams = canonical_body(body, path, joined.get("content-type", ""))
    streams = streams or path.endswith(":streamGenerateContent")
    start = ("" if method == "POST" else f"{method} ") + identity_url(url) + str(streams)
    return hashlib.sha256(start.encode() + text + extras.encode()).hexdigest(), list(given) == ["headers"]


# The file


def problem_of(entry):
    """Why a value is not an entry, or None."""
    if not isinstance(entry, dict):
        return "not a JSON object"
    v, key, status, response = entry.get("v", 1), entry.get("key"), entry.get("status_code"), entry.get("response")
    if v != 1 or isinstance(v, bool):
        return f"v is {v}"
    if not isinstance(key, str) or not isinstance(response, str):
        return "no key or no response"
    if not str(entry.get("sha256", key)).startswith(key) or not isinstance(entry.get("sha256", key), str):
        return "sha256 does not belong to key"
    if status is not None and (status not in range(200, 300) or status == 206):
        return "status_code is no success"
    for name, kind in (("headers", dict), ("binary", bool)):
        if not isinstance(entry.get(name), (kind, type(None))):
            return f"{name} is of a wrong type"
    is_base64 = len(response) % 4 == 0 and re.fullmatch("[A-Za-z0-9+/]*={0,2}", response)
    return "response is not base64" if entry.get("binary") and not is_base64 else None


def entries_in(data, report=lambda problem: None):
    """The entries of a file, in their order, and the invalid lines: their numbers and what is wrong."""
    entries = []
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else [], 1):
        try:
            text = line.decode("utf-8-sig")
            entry = parse_json(text)
            problem = problem_of(entry)
            first = re.match(r'\s*\{\s*"key"\s*:\s*"([0-9a-f]{8})"', text)
            if problem is None and first and first[1] != entry["key"]:
                problem = "key stands twice"
        except (ValueError, RecursionError) as error:
            problem = f"not JSON in UTF-8: {error}"
        if problem is None:
            entries.append(entry)
        else:
            report(f"line {number}: {problem}")
    return entries


def find(entries, method, url, body=b"", headers=(), **extras):
    """The entry that answers a request, or None."""
    sha256, only_headers = digest(method, url, body, headers, **extras)
    plain = digest(method, url, body, [pair for pair in headers if pair[0].lower() == "content-type"])[0]
    wanted = [(sha256[:8], sha256), (sha256[:8], None)] + ([(plain[:8], None)] if only_headers else [])
    names = [(entry["key"], entry.get("sha256")) for entry in entries]
    places = [len(names) - 1 - names[::-1].index(name) for name in wanted if name in names]
    return entries[places[0]] if places else None


def answer_of(entry):
    """Status, headers and body of an entry."""
    response, status = entry["response"], int(entry.get("status_code") or 200)
    headers = {}
    for name, value in (entry.get("headers") or {}).items():
        is_sent = re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) and name.lower() not in NEVER_KEPT
        if is_sent and isinstance(value, str) and re.fullmatch("[^\0\r\n\u0100-\U0010ffff]*", value.strip(" \t\r\n")):
            headers[name.lower()] = value.strip(" \t\r\n")
    if "content-type" not in headers and "v" not in entry and not entry.get("binary"):
        headers["content-type"] = guess_type(response)
    if entry.get("binary"):
        body = base64.b64decode(response)
    else:
        body = re.sub("[\ud800-\udfff]", "\ufffd", response).encode()
    return status, headers, b"" if status in (204, 205) else body


def is_object(text):
    try:
        return isinstance(parse_json(text), dict)
    except (ValueError, RecursionError):
        return False


def guess_type(text):
    text = text[1:] if text.startswith("\ufeff") else text
    if re.match("[\r\n]*(data|event|id|retry)?:", text):
        return "text/event-stream"
    lines = re.split("[\r\n]", text.lstrip(), maxsplit=1)
    if len(lines) == 2 and lines[1].lstrip().startswith("{") and is_object(lines[0]):
        return "application/x-ndjson"
    if re.match(r'\s*(\{\s*"|\[\s*\{)', text):
        return "application/json"
    try:
        return "application/json" if isinstance(parse_json(text), (dict, list, str)) else "text/plain; charset=utf-8"
    except (ValueError, RecursionError):
        return "text/plain; charset=utf-8"


# The command line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("method", nargs="?")
    parser.add_argument("url", nargs="?")
    parser.add_argument("bodyfile", nargs="?")
    parser.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'")
    parser.add_argument("--key-header", action="append", default=[], metavar="NAME", help="the option keyHeaders")
    parser.add_argument("--n", type=int, help="which of several identical stateful requests, from 2 on")
    parser.add_argument("--namespace", help="the option of this name")
    given = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack some characters
    with open(given.file, "rb") as file:
        entries = entries_in(file.read(), lambda problem: print(problem, file=sys.stderr))
    if given.url is None:
        for entry in {entry.get("sha256", entry["key"]): entry for entry in entries}.values():
            request = entry.get("request")
            asked = [request.get("method"), request.get("url")] if isinstance(request, dict) else ["?", "?"]
            print(entry["key"], entry.get("recorded_at", "-"), *asked, f"{len(answer_of(entry)[2])} bytes")
        return 0
    body = b""
    if given.bodyfile is not None:
        with open(0 if given.bodyfile == "-" else given.bodyfile, "rb") as file:
            body = file.read()
    headers = [tuple(header.split(":", 1)) for header in given.header]
    if body and "content-type" not in [name.lower() for name, _ in headers]:
        headers.append(("content-type", "application/json"))
    extras = {"n": given.n, "namespace": given.namespace, "key_headers": given.key_header}
    entry = find(entries, given.method, given.url, body, headers, **extras)
    if entry is None:
        print(f"not recorded: {digest(given.method, given.url, body, headers, **extras)[0]}", file=sys.stderr)
        return 1
    status, headers, body = answer_of(entry)
    print(json.dumps([status, headers]), file=sys.stderr)
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
