/** What the console says in more than one place. */
export const MESSAGES = {
  viewer: "You may look, but not change: your role is viewer.",
  saved: "Saved",
  undo: "Undo",
  retry: "Try again",
  loading: "Loading…",
  unsavedKept: "Not saved yet: kept in this tab.",
} as const;

const number = new Intl.NumberFormat();
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function count(value: number): string {
  return number.format(value);
}

/** "3 files", "1 file". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function at(time: string | null | undefined): string {
  return time ? dateTime.format(new Date(time)) : "";
}

/** "3 minutes ago". */
export function ago(time: string | null | undefined, now = Date.now()): string {
  if (!time) return "";
  const seconds = (new Date(time).getTime() - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return "just now";
}

export function bytes(size: number | null | undefined): string {
  if (size == null) return "";
  const units = ["B", "KB", "MB", "GB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Minutes and seconds of a call: "2:05". */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

const SPELT = new Map([["email", "E-mail"], ["sms", "SMS"], ["linkedin", "LinkedIn"]]);

/** Words of a machine for people: `missing_value` becomes "Missing value". */
export function words(name: string): string {
  const spelt = SPELT.get(name);
  if (spelt) return spelt;
  const text = name.replaceAll(/[_-]+/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
