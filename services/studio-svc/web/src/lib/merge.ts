/** Three texts of one field: as it was read, as it was typed, as it is stored now. */
export type Fields = Record<string, unknown>;

export interface Merged {
  /** What the form shows: mine where only I changed it, theirs where only they did. */
  values: Fields;
  /** Fields that both changed, each in another way. */
  conflicts: string[];
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

/** The fields of `mine` that differ from `base`. */
export function changes(base: Fields, mine: Fields): Fields {
  return Object.fromEntries(Object.entries(mine).filter(([name, value]) => !isSame(value, base[name])));
}

/** Merge field by field; a conflict keeps mine in `values` until a person has chosen. */
export function merge(base: Fields, mine: Fields, theirs: Fields): Merged {
  const values: Fields = {};
  const conflicts: string[] = [];
  for (const name of Object.keys(mine)) {
    const isMine = !isSame(mine[name], base[name]);
    values[name] = isMine ? mine[name] : theirs[name];
    if (isMine && !isSame(theirs[name], base[name]) && !isSame(mine[name], theirs[name])) {
      conflicts.push(name);
    }
  }
  return { values, conflicts };
}
