/** The part of Deno that is used here. */
interface DenoPermissions {
  querySync(descriptor: PermissionQuery): { readonly state: "granted" | "prompt" | "denied" };
}

/** What Deno is asked for; other runtimes have no permissions. */
export type PermissionQuery =
  | { readonly name: "read" | "write"; readonly path: string }
  | { readonly name: "env"; readonly variable?: string };

const { Deno } = globalThis as {
  Deno?: { readonly permissions?: DenoPermissions };
};

/** Whether something may be touched without a prompt and without an error. Asking does neither. */
export function isGranted(query: PermissionQuery): boolean {
  return Deno?.permissions === undefined ||
    Deno.permissions.querySync(query).state === "granted";
}

/**
 * Makes sure that a path may be touched.
 *
 * @throws With the flag that is missing. Without this question Deno would prompt, in the middle of somebody's program.
 */
export function requireGranted(name: "read" | "write", path: string): void {
  if (isGranted({ name, path })) return;
  const message = `Deno did not grant ${name} access. Run with --allow-${name}=${path}`;
  throw Object.assign(new Error(message), { code: "ENOTCAPABLE" }); // as other errors of files have one
}
