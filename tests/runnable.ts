const here = import.meta.url;
const extension = here.slice(here.lastIndexOf("."));

/**
 * The address of a module in the form that this process runs: the source itself, or on Node 20 the JavaScript that
 * scripts/transpile.mjs made of it.
 *
 * @param path Relative to the repository, as in "tests/programs/cli.ts".
 */
export function runnable(path: string): URL {
  return new URL(`../${path.replace(/\.ts(?=$|\?)/, extension)}`, here);
}
