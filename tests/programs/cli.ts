/** The command line, with the arguments of this program. */
import "../../src/cli.ts";
