import { streamOf, utf8 } from "../lib/bytes.ts";
import { shared } from "../lib/shared_state.ts";

/** Members of a response that its constructor cannot set, or not to every value that a server may send. */
export interface ResponseLabels {
  readonly url: string;
  readonly redirected?: boolean;
  readonly statusText?: string;
  /** The runtime does not allow changes to the headers of a response, unless its type is `default`. */
  readonly type?: ResponseType;
  /** The whole body, if the response was made from it. */
  readonly whole?: string | Uint8Array<ArrayBuffer> | undefined;
}

interface Labels extends Required<Omit<ResponseLabels, "whole">>, Pick<ResponseLabels, "whole"> {
  /** On Deno: the same response with a stream as its body. It is read if a caller has used `body`. */
  streamed?: Response;
  /** On Node: the caller has used `body`, so only the body itself tells whether it can be read. */
  isTouched?: boolean;
  /** On Node: the caller has got the text, but the body itself is unread. */
  isTaken?: boolean;
}

/** Sets members of a response, also for its clones. Like a response from the network, it has no own properties. */
export function labelled(response: Response, given: ResponseLabels): Response {
  const { url, redirected = false, statusText = response.statusText, type = response.type, whole } = given;
  allLabels().set(response, { url, redirected, statusText, type, whole });
  if (type !== "default") makeImmutable(response.headers);
  return addLabels(response);
}

const allLabels = () => shared("responseLabels", () => new WeakMap<Response, Labels>());

const labelsOf = (response: Response) => allLabels().get(response) as Labels;

/**
 * Makes a function that puts members between an object and its prototype. Objects share the new prototype: a prototype for
 * each object makes a response on Node and Deno twice as slow.
 *
 * @param members Called for the first object. On Node 20, the first use of `Response` takes 20 ms.
 */
function extension(
  members: () => PropertyDescriptorMap,
): <Extended extends object>(object: Extended) => Extended {
  const prototypes = new WeakMap<object, object>();
  return (object) => {
    const base = Object.getPrototypeOf(object);
    const extended = prototypes.get(base) ?? Object.create(base, members());
    prototypes.set(base, extended);
    return Object.setPrototypeOf(object, extended);
  };
}

/** For Bun: the type of a blob and null for an empty body, which Bun gives only for a response from the network. */
const readers = {
  async blob(this: Response): Promise<Blob> {
    return await new Response(await this.arrayBuffer(), { headers: this.headers }).blob();
  },
  async json(this: Response): Promise<unknown> {
    const text = await this.text();
    return text === "" && this.body ? null : JSON.parse(text);
  },
};

/** The response that holds the body. */
const holderOf = (response: Response) => labelsOf(response).streamed ?? response;
const native = (response: Response, name: "body" | "bodyUsed") => Reflect.get(Response.prototype, name, response);

/**
 * For Deno: a body from text is read five times as fast as a stream, but its stream has no BYOB reader. So the first use of
 * `body` makes a stream that has one.
 */
const byteStreams: ThisType<Response> = {
  get body() {
    const labels = labelsOf(this);
    if (labels.whole !== undefined && !labels.streamed && !native(this, "bodyUsed")) {
      const bytes = typeof labels.whole === "string" ? utf8(labels.whole) : labels.whole;
      labels.streamed = new Response(streamOf(bytes), { status: this.status, headers: this.headers });
    }
    return native(holderOf(this), "body");
  },
  get bodyUsed() {
    return native(holderOf(this), "bodyUsed");
  },
};

/** The methods that read a body. They read the body of another response, or of the same one after a preparation. */
function readersOf(holder: (response: Response) => Response): PropertyDescriptorMap {
  const names = (["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const).filter((name) => {
    return name in Response.prototype;
  });
  return Object.getOwnPropertyDescriptors(Object.fromEntries(names.map((name) => {
    return [name, function (this: Response) {
      return Response.prototype[name].call(holder(this));
    }];
  })));
}

/**
 * For Node: a text is at hand, while to read it from its stream takes longer than to find the entry. If a caller then
 * uses `body`, or reads a second time, the body is read first, so that it behaves like any body that was read.
 */
const textReaders: ThisType<Response> = {
  get body() {
    readIfTaken(this).isTouched = true;
    return native(this, "body");
  },
  get bodyUsed() {
    return labelsOf(this).isTaken === true || native(this, "bodyUsed");
  },
  async json() {
    const text = takeText(this);
    return text === undefined ? await Response.prototype.json.call(this) : JSON.parse(text);
  },
  async text() {
    return takeText(this) ?? await Response.prototype.text.call(this);
  },
};

/** The text of the body; undefined if only the body itself can tell it, or has been read. */
function takeText(response: Response): string | undefined {
  const labels = readIfTaken(response);
  if (typeof labels.whole !== "string" || labels.isTouched || native(response, "bodyUsed")) return undefined;
  labels.isTaken = true;
  return labels.whole.toWellFormed();
}

function readIfTaken(response: Response): Labels {
  const labels = labelsOf(response);
  if (labels.isTaken) Response.prototype.text.call(response).catch(() => {});
  labels.isTaken = false;
  return labels;
}

const getters: ThisType<Response> = {
  get url() {
    return labelsOf(this).url;
  },
  get redirected() {
    return labelsOf(this).redirected;
  },
  get statusText() {
    return labelsOf(this).statusText;
  },
  get type() {
    return labelsOf(this).type;
  },
  clone() {
    const holder = readIfTaken(this).streamed ?? this;
    const whole = holder === this ? labelsOf(this).whole : undefined;
    return labelled(Response.prototype.clone.call(holder), { ...labelsOf(this), whole });
  },
};

function bodyMembers(): PropertyDescriptorMap {
  if ("Bun" in globalThis) return Object.getOwnPropertyDescriptors(readers);
  if ("Deno" in globalThis) return { ...Object.getOwnPropertyDescriptors(byteStreams), ...readersOf(holderOf) };
  return {
    ...readersOf((response) => (readIfTaken(response), response)),
    ...Object.getOwnPropertyDescriptors(textReaders),
  };
}

const addLabels = extension(() => ({ ...Object.getOwnPropertyDescriptors(getters), ...bodyMembers() }));

/** Every change throws the runtime's own error. */
const makeImmutable = extension(() =>
  Object.getOwnPropertyDescriptors({
    append: (...change: [string, string]) => Response.error().headers.append(...change),
    delete: (name: string) => Response.error().headers.delete(name),
    set: (...change: [string, string]) => Response.error().headers.set(...change),
  })
);
