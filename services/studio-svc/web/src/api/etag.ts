/** `ETag` and `If-Match`: no answer declares the header in OpenAPI, so this is its one place. */

/** The version that an answer's ETag names, also as a proxy has changed it: `"7"`, `W/"7"`; else 0. */
export function versionOf(response: Response): number {
  return Number(/^(?:W\/)?"(\d+)/.exec(response.headers.get("ETag") ?? "")?.[1] ?? 0);
}

/** The header of a change that holds for this version alone. */
export function ifMatch(version: number): { "If-Match": string } {
  return { "If-Match": `"${version}"` };
}
