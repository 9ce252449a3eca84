import { ask } from "../../ask.js";

export const dynamic = "force-static";

export default async function Page() {
  return <p>{await ask("static")}</p>;
}
