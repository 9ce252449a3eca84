/**
 * Gives a response what its constructor cannot set: `url` and `redirected`, also for its clones.
 *
 * @param like Where they come from.
 */
export function labelled(response: Response, like: { readonly url: string; readonly redirected?: boolean }): Response {
  const clone = () => labelled(Response.prototype.clone.call(response), like);
  return Object.defineProperties(response, {
    url: { value: like.url, configurable: true },
    redirected: { value: like.redirected ?? false, configurable: true },
    clone: { value: clone, configurable: true, writable: true },
  });
}
