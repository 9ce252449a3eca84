// The addresses of the proxy: `http://127.0.0.1:PORT/<host>/<path>` stands for `https://<host>/<path>`.

/** One segment of a path: a host with an optional port. No user, no escapes. */
const HOST = /^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The URL that a path of the proxy stands for.
 *
 * A loopback host is called by http, every other host by https. A first segment `http` or `https` says otherwise.
 *
 * @param path The target of a request, with its query.
 * @returns Undefined if the path begins with no host.
 */
export function upstreamOf(path: string): URL | undefined {
  const [, scheme, host = "", rest = ""] = /^\/(?:(https?)\/)?([^/?#]*)(.*)$/is.exec(path) ?? [];
  const name = host.replace(/%5b/i, "[").replace(/%5d/i, "]").replace(/%3a/gi, ":");
  if (!HOST.test(name)) return undefined;
  try {
    const url = new URL(`https://${name}${rest}`);
    const isPlain = scheme === undefined ? isLoopback(url.hostname) : /^http$/i.test(scheme);
    return isPlain ? new URL(`http://${name}${rest}`) : url;
  } catch {
    return undefined;
  }
}

/**
 * The address at the proxy that stands for a URL. It ends with a slash only if the URL does, because SDKs append paths.
 *
 * @param proxy The address of the proxy, such as `http://127.0.0.1:4000`.
 */
export function addressAt(proxy: string, upstream: string): string {
  const { protocol, host, hostname, pathname, search, username, password } = new URL(upstream);
  const scheme = protocol === (isLoopback(hostname) ? "http:" : "https:") ? "" : `/${protocol.slice(0, -1)}`;
  const path = pathname === "/" && !upstream.endsWith("/") ? "" : pathname;
  // The client sends them as an authorization header.
  const user = username || password ? `${username}:${password}@` : "";
  return `${proxy.replace("://", () => `://${user}`)}${scheme}/${host}${path}${search}`;
}

/** Whether a host name belongs to this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}
