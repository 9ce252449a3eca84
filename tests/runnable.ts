const here = import.meta.url;
const extension = here.slice(here.lastIndexOf("."));

/**
 * The URL of a module that this process can run: the source itself, or on Node 20 the JavaScript that
 * scripts/transpile.mjs compiled from it.
 *
 * @param path Relative to the repository, as in "tests/programs/cli.ts".
 */
export function runnable(path: string): URL {
  return new URL(`../${path.replace(/\.ts(?=$|\?)/, extension)}`, here);
}
