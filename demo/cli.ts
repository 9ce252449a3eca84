/** The command line, for the files of this folder: `npm run -s cachy list` */
import process from "node:process";

// CACHY_FILE would name a file of another project.
delete process.env.CACHY_FILE;
await import("../src/cli.ts");
