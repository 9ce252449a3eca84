export async function register() {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { enableCachy } = await import("@cachy/core");
    enableCachy();
  }
}
