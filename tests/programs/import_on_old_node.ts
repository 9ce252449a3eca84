/** Imports the module on a runtime that lacks a function, as Node 18 does, and prints the error. */
delete (String.prototype as { toWellFormed?: unknown }).toWellFormed;
await import("../../mod.ts").then(() => console.log("no error"), (error) => console.log(error.message));
