const OTHER_NAMES: Record<string, string> = { first_name: "firstName", last_name: "lastName", full_name: "fullName" };

/**
 * A greeting as a lead reads it: `{firstName|there}` becomes the value, else the default; a token
 * with neither is left out with the space before it, as draft-svc does it.
 */
export function greet(template: string, values: Record<string, string>): string {
  const text = template.replaceAll(
    /([ \t]*)\{(\w+(?:\.\w+)?)(?:\|([^{}]*))?\}/g,
    (_, space: string, name: string, fallback: string | undefined) => {
      const value = values[OTHER_NAMES[name] ?? name]?.trim() || fallback?.trim();
      return value ? space + value : "";
    },
  );
  return text.trim();
}
