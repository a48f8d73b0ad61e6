const PARTS = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/;

/** The minutes of an ISO 8601 duration such as `PT1H30M`; parts of a minute are rounded up. */
export function minutesOf(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = PARTS.exec(duration) ?? [];
  return Number(days) * 1440 + Number(hours) * 60 + Number(minutes) + Math.ceil(Number(seconds) / 60);
}
