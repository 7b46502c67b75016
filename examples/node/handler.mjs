import { readFile } from "node:fs/promises";

/** The first argument is the context; parameters and inputs come by name. */
export async function score(context, { threshold, accounts, currency = "EUR" }) {
  context.logger.info("running function");
  const password = await context.getSecret("DB_PASSWORD");
  const keystore = await context.getSecret("keystore");
  const token = await context.getSecret("API_TOKEN", "none");
  const lines = (await readFile(accounts, "utf8")).trimEnd().split("\n");

  console.log(`${context.name} of ${context.project}: ${lines.length} accounts, ${threshold} ${currency}`);
  console.log(`DB_PASSWORD: ${password.slice(0, 1)}***`);
  console.log(`keystore: ${keystore.constructor.name}, as it is not UTF-8`);
  console.log(`API_TOKEN: ${token}`);
}
