/** Serves the loopback provider until the process is killed; prints its URL. */
import { startProvider } from "../provider/provider.ts";

console.log((await startProvider({ pause: 1 })).url);
