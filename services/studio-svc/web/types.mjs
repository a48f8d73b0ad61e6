// Writes src/api/generated/<service>.d.ts from openapi/<service>.json.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const from = new URL("./openapi/", import.meta.url);
const to = new URL("./src/api/generated/", import.meta.url);
await mkdir(to, { recursive: true });
for (const name of (await readdir(from)).filter((file) => file.endsWith(".json"))) {
  const ast = await openapiTS(new URL(name, from), { defaultNonNullable: false });
  await writeFile(new URL(name.replace(/\.json$/, ".d.ts"), to), astToString(ast));
}
