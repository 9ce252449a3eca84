/** What a response's constructor cannot set, or not to everything that a server may send. */
export interface ResponseLabels {
  readonly url: string;
  readonly redirected?: boolean;
  readonly statusText?: string;
}

/** Sets the labels of a response, also for its clones. */
export function labelled(response: Response, labels: ResponseLabels): Response {
  const { url, redirected = false, statusText = response.statusText } = labels;
  const clone = () => labelled(Response.prototype.clone.call(response), { url, redirected, statusText });
  return Object.defineProperties(response, {
    url: { value: url, configurable: true },
    redirected: { value: redirected, configurable: true },
    statusText: { value: statusText, configurable: true },
    clone: { value: clone, configurable: true, writable: true },
  });
}
