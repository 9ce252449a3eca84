/** Calls the simulated provider. Each app gets a copy of this file. */
export async function ask(input) {
  const body = JSON.stringify({ input });
  const response = await fetch(`${process.env.PROVIDER}/v1/responses`, { method: "POST", body });
  const { answer, error } = await response.json();
  return `Answer: ${answer ?? error.message}.`;
}
