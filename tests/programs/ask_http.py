"""Asks a chat API by http.client, as the Python SDKs do: ask_http.py [stream] [exit]"""

import hashlib, http.client, json, os, sys
from urllib.parse import urlsplit

base = urlsplit(os.environ["OPENAI_BASE_URL"])
body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello from Python"}]}
if "stream" in sys.argv:
    body["stream"] = True
connection = http.client.HTTPConnection(base.hostname, base.port)
headers = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Authorization": "Bearer sk-python-credential-0123456789",
    "Content-Type": "application/json",
    "User-Agent": "OpenAI/Python 2.8.1",
    "X-Stainless-Lang": "python",
    "x-stainless-retry-count": "0",
}
connection.request("POST", base.path + "/chat/completions", json.dumps(body).encode(), headers)
response = connection.getresponse()
received = b""
while line := response.readline():
    received += line
    if "exit" in sys.argv and b"[DONE]" in line:
        break
print(response.status, response.getheader("content-type"), hashlib.sha256(received).hexdigest())
sys.stdout.flush()
os._exit(7 if "exit" in sys.argv else 0)
