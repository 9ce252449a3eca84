import { redirect } from "next/navigation";
import { ask } from "../../ask.js";

export const dynamic = "force-dynamic";

export default async function Page({ searchParams }) {
  async function send() {
    "use server";
    redirect(`/action?answer=${encodeURIComponent(await ask("action"))}`);
  }
  return (
    <form action={send}>
      <p>{(await searchParams).answer}</p>
      <button>Send</button>
    </form>
  );
}
