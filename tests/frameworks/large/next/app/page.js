import { ask } from "../ask.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  return <p>{`Version 1. ${await ask("component")}`}</p>;
}
