#!/usr/bin/env python3
"""Reads a cachy.jsonl: a reader in another language, written from FORMAT.md. Python 3.9+, standard library only.

    reader.py FILE                          lists the newest entry of each digest
    reader.py FILE METHOD URL [BODYFILE]    writes the recorded response; --help lists further parts of the identity

BODYFILE is the body as it was sent, `-` is standard input. Standard error gets the status and headers of the response,
and the invalid lines. Exit code 1: the request is not recorded. Not supported: credentials inside header values, the
options `normalize` and `omit`, which only the recording program knows, and lines nested thousands of levels deep.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from urllib.parse import quote, unquote_to_bytes, urlsplit

CREDENTIALS = set(
    "key apikey xapikey xgoogapikey subscriptionkey ocpapimsubscriptionkey token accesstoken apitoken authtoken "
    "refreshtoken clientsecret password authorization sig signature xgoogsignature xgoogcredential".split()
)
KEY_HEADER = re.compile(
    r"(anthropic-beta|x-anthropic-beta|x-pass-anthropic-beta|openai-beta|groq-model-version|ai-([^:]+-)?model-id"
    r"|ai-language-model-streaming|azureml-model-deployment|x-amzn-bedrock-[^:]+|x-dashscope-(sse|async|ossresourceresolve)|prefer"
    r"|x-ms-oai-image-generation-deployment"
    r"|x-goog-upload-(command|offset)|x-fal-target-url|mcp-session-id|x-litellm-tags|cf-aig-(cache-key|gateway-id)"
    r"|helicone-(target-url|target-provider|openai-api-base|fallbacks|cache-seed)"
    r"|x-portkey-(provider|config|virtual-key|custom-host|cache-namespace|strict-open-ai-compliance"
    r"|anthropic-beta|anthropic-version|azure-[^:]+|huggingface-base-url)):"
    r"|anthropic-version:(?!2023-06-01$)|extra-parameters:(?!error$)|x-openrouter-(experimental-)?metadata:(?!disabled$)|accept:(audio|image)/"
)
GEMINI_PATH = re.compile(r":(generateContent|streamGenerateContent|batchGenerateContent|countTokens)$")
GIVEN_ID = re.compile(r"call_|fc_|(srv|mcp)?toolu_|tooluse_|chatcmpl-tool-|functions\.")
REFERENCE = re.compile(
    r"messages/(tool_calls/id|tool_call_id|content/(tool_use_id|tool(Use|Result)/toolUseId))|(messages/content/id|input/call_id)"
)
SECRET_NAME = re.compile(
    r"((api|access|account|admin|auth|client|encryption|master|private|secret|service|shared|signing|subscription)"
    r"keys?(id|string)?|apitokens|authtokens|accesstokens|token|secrets?|passwords?|passwd|pwd|passphrase|credentials?"
    r"|auth|authentication|authorization|authconfig|bearer|cookies?|connectionstring)$"
)
CREDENTIAL_TOKEN = re.compile(
    r"(access|api|app|auth|authorization|bearer|client|hf|id|refresh|security|awssession|secret)token$"
)
CONTENT = re.compile(
    r"(messages|contents|prompt|system|system_?instruction|instructions|instances|documents|input/[^/]+|params/arguments)/"
    r"|(.*/)?(properties|\$defs|definitions)/", re.I | re.S
)
URL_IN_TEXT = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>`)\ufeff]+", re.I | re.A)
URL_PARAMETER = re.compile("([?&;#])([^=&;#?]+)=([^&;#]*)")
SIGNATURE = re.compile("xamz|xgoog|(sig|signature|token|(access|api|auth)token|apikey)$")
SIGNED = re.compile("(se|st|ske|skt|expires|policy|keypairid|googleaccessid|awsaccesskeyid|ossaccesskeyid)$")
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


def squash(name):
    return re.sub("[^a-z0-9]", "", name.lower())


def parameter_name(pair):
    name = pair.split("=")[0].replace("+", " ")
    return re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), name)


def is_credential(pair):
    name = squash(parameter_name(pair))
    return name in CREDENTIALS or name.startswith("xamz")


def is_credential_name(name):
    name = squash(name)
    return bool(SECRET_NAME.search(name)) and (not name.endswith("token") or bool(CREDENTIAL_TOKEN.search(name)))


def is_credential_member(path):
    harmless = ("accept", "contenttype", "useragent", "acceptlanguage")
    is_header = len(path) > 1 and squash(path[-2]).endswith("headers") and squash(path[-1]) not in harmless
    return (is_header or is_credential_name(path[-1])) and not CONTENT.match("/".join(path))


def mask_urls(text):
    """A text without the credentials and signatures of its URLs."""
    def mask(match):
        names = [squash(parameter_name(pair[1])) for pair in URL_PARAMETER.findall(match[0])]
        signed = any(re.fullmatch("(xamz|xgoog)?sig(nature)?", name) for name in names)
        hidden = iter([bool(SIGNATURE.match(name) or signed and SIGNED.match(name)) for name in names])
        return URL_PARAMETER.sub(lambda pair: f"{pair[1]}{pair[2]}=[redacted]" if next(hidden) else pair[0], match[0])
    return URL_IN_TEXT.sub(mask, text) if "://" in text and "=" in text else text


def without_clock(name):
    return re.sub(r"^([a-z]*[_-]?)1[0-9]{12}(?=\.[a-z0-9_]+$|$)", r"\1", name, flags=re.I | re.A)


def rewrite(value, change, member=lambda path: None, path=()):
    """Visits names in sorted order, so that ids are numbered in the order of the canonical text."""
    if isinstance(value, dict):
        paths = [(name, (*path, name)) for name in sorted(value)]
        return {name: member(below) or rewrite(value[name], change, member, below) for name, below in paths}
    if isinstance(value, list):
        return [rewrite(item, change, member, path) for item in value]
    return change(value, path) if isinstance(value, str) else value


def renumber(value, is_gemini, is_earlier):
    """Numbers the ids of tool calls that no provider gave."""
    def weight(text, path):
        outermost = [bool(re.fullmatch("function_?(call|response)", name, re.I | re.A)) for name in path]
        if is_gemini and True in outermost and outermost.index(True) == len(path) - 2 and path[-1] == "id":
            return 2
        place = None if is_earlier or GIVEN_ID.match(text) else REFERENCE.fullmatch("/".join(path))
        return 0 if place is None else 1 if place[4] else 2

    weights = {}

    def count(text, path):
        if weight(text, path):
            weights[text] = weights.get(text, 0) + weight(text, path)
        return text

    rewrite(value, count)
    wanted = [text for text, sum_of in weights.items() if sum_of > 1]
    numbers = {text: f"call-{at}" for at, text in enumerate(wanted, 1)}
    return rewrite(value, lambda text, path: numbers.get(text, text) if weight(text, path) else text)


def json_identity(value):
    """JSON without credentials, clocks in file names and the version of an SDK."""
    def change(text, path):
        is_file_name = len(path) == 1 and re.fullmatch("file_?name", path[0], re.I | re.A)
        return mask_urls(without_clock(text) if is_file_name else text)
    def member(path):
        is_user_agent = list(path) == ["headers", "user-agent"]
        return "[redacted]" if is_user_agent or is_credential_member(path) else None
    return rewrite(value, change, member)


def form_parts(body, boundary):
    """The parts of a serialized form, or None if it is not written as forms are."""
    delimiter = b"\r\n--" + boundary
    if not body.startswith(delimiter[2:]):
        return None
    parts = []
    *pieces, end = (b"\r\n" + body).split(delimiter)[1:]
    for piece in pieces:
        head, blank, value = piece.partition(b"\r\n\r\n")
        try:
            head = head.decode()
        except UnicodeDecodeError:
            return None
        found = re.search(r"^content-disposition:\s*form-data\s*;(.*)$", head, re.I | re.M)
        names = [re.search(rf'(?:^|[;\s]){name}="((?:[^"\\]|\\.)*)"', found[1] if found else "", re.I)
                 for name in ("name", "filename")]
        other = re.search(r"^content-transfer-encoding:\s*(?!binary|[78]bit)|;\s*filename\*=", head, re.I | re.M)
        if not piece.startswith(b"\r\n") or not blank or names[0] is None or other:
            return None
        unquoted = [match and re.sub(r'\\(["\\])', r"\1", match[1]).replace("%22", '"').replace("%0D", "\r")
                    .replace("%0A", "\n") for match in names]
        parts.append((*unquoted, value))
    return parts if end.startswith(b"--") and not end[2:].strip() else None


def form_body(parts):
    items = []
    for name, filename, value in parts:
        if filename is None:
            try:
                text = re.sub("\r\n?", "\n", value.decode())
                value = ("[redacted]" if is_credential_name(name) else mask_urls(text)).encode()
            except UnicodeDecodeError:
                pass
        items.append([name, filename and without_clock(filename), hashlib.sha256(value).hexdigest()])
    return json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()


def pairs_body(text):
    """The fields of a form in one line; what does not change stays as it was written."""
    pairs = []
    for pair in text.split("&"):
        name, equals, written = pair.partition("=")
        try:
            value = unquote_to_bytes(written.replace("+", " ")).decode()
            if re.search("%(?![0-9A-Fa-f]{2})", written):
                value = written
        except UnicodeDecodeError:
            value = written
        changed = "[redacted]" if is_credential_name(parameter_name(pair)) else mask_urls(value)
        pairs.append(pair if changed == value else name + equals + quote(changed, safe="!~*'()"))
    return "&".join(pairs)


def text_body(body, content_type):
    """Any body that is not JSON."""
    boundary = re.match(r'multipart/.*?;\s*boundary=(?:"([^"]+)"|([^;\s]+))', content_type, re.I | re.S)
    mark = (boundary[1] or boundary[2]).encode() if boundary else b""
    parts = form_parts(body, mark) if boundary and content_type.lower().startswith("multipart/form-data") else None
    if parts is not None:
        return form_body(parts)
    try:
        text = (body.replace(mark, b"cachy-boundary") if boundary else body).decode()
        is_form = content_type.lower().startswith("application/x-www-form-urlencoded")
        return (pairs_body(text) if is_form else mask_urls(text)).encode()
    except UnicodeDecodeError:
        return body.replace(mark, b"cachy-boundary") if boundary else body


def canonical_body(body, path, content_type, is_earlier=False):
    """The bytes to hash, and whether the body requests a stream."""
    try:
        if "json" in content_type.lower() and depth_of(body.decode()) <= 900:
            value = parse_json(body.decode())
            changed = renumber(value, GEMINI_PATH.search(path), is_earlier)
            changed = changed if is_earlier else json_identity(changed)
            canonical = json.dumps(changed, sort_keys=True).encode()
            return canonical, isinstance(value, dict) and value.get("stream") is True
    except (ValueError, RecursionError):
        pass  # neither UTF-8 nor JSON
    if not is_earlier:
        return text_body(body, content_type), False
    boundary = re.match(r'multipart/.*?;\s*boundary=(?:"([^"]+)"|([^;\s]+))', content_type, re.I | re.S)
    return body.replace((boundary[1] or boundary[2]).encode(), b"cachy-boundary") if boundary else body, False


def digest(method, url, body=b"", headers=(), n=None, namespace=None, key_headers=(), is_earlier=False):
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
    text, streams = canonical_body(body, path, joined.get("content-type", ""), is_earlier)
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
    counting = newest(entries)
    for is_earlier in (False, True):
        sha256, only_headers = digest(method, url, body, headers, **extras, is_earlier=is_earlier)
        types = [pair for pair in headers if pair[0].lower() == "content-type"]
        plain = digest(method, url, body, types, is_earlier=is_earlier)[0]
        wanted = [(sha256[:8], sha256), (sha256[:8], None)] + ([(plain[:8], None)] if only_headers else [])
        found = [counting[name] for name in wanted if name in counting]
        if found:
            return found[0]
    return None


def newest(entries):
    """The entry of each digest that counts: the one that was recorded last."""
    counting = {}
    for entry in entries:
        name = (entry["key"], entry.get("sha256"))
        times = [one.get("recorded_at") for one in (entry, counting.get(name, {}))]
        are_times = all(isinstance(time, str) and time for time in times)
        if not are_times or times[0] >= times[1]:
            counting[name] = entry
    return counting


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
        for entry in newest(entries).values():
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
