import type { Call, Draft, Instance, Suppression } from "../api/types.ts";
import { counted, words } from "./messages.ts";

/** Something that happened to a lead. */
export interface Entry {
  at: string;
  kind: "reply" | "draft" | "step" | "call" | "suppression";
  title: string;
  detail?: string;
  /** Who spoke. */
  persona_id?: string | null;
  version?: number | null;
  href?: string;
  /** Of the draft that answers a reply: what was written is read when it is asked for. */
  draft_id?: string;
}

export interface Told {
  drafts: Draft[];
  instances: Instance[];
  calls: Call[];
  suppressions: Suppression[];
}

/** Make one timeline of what the services tell of a lead, newest first. */
export function timeline(told: Told): Entry[] {
  const all = [
    ...told.drafts.flatMap(ofDraft),
    ...told.instances.flatMap(ofInstance),
    ...told.calls.map(ofCall),
    ...told.suppressions.map(ofSuppression),
  ];
  return all.sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

function ofDraft(draft: Draft): Entry[] {
  const by = (draft.resolution ?? {}) as { persona_id?: string; version?: number };
  const href = `/drafts?status=${draft.status}&lead=${encodeURIComponent(draft.lead_id)}&draft=${draft.draft_id}`;
  const told = draft.error ? { detail: draft.error.title } : draft.subject ? { detail: draft.subject } : {};
  const written: Entry = { at: draft.created_at, kind: "reply", title: `Replied by ${words(draft.channel).toLowerCase()}; the draft is ${draft.status}`, ...told, ...by, href, draft_id: draft.draft_id };
  if (!draft.decided_at) return [written];
  const edited = draft.edit_distance ? { detail: `${counted(draft.edit_distance, "character")} edited` } : {};
  return [written, { at: draft.decided_at, kind: "draft", title: `Draft ${draft.status} by ${draft.decided_by}`, ...edited, ...by, href }];
}

function ofInstance(instance: Instance): Entry[] {
  const href = `/sequences/${instance.sequence_id}`;
  return instance.timeline.map((one) => {
    const step = instance.steps.find((each) => each.step === one.step);
    const by = (one.what.includes("sent") && step?.resolution ? step.resolution : {}) as { persona_id?: string; version?: number };
    const title = `${one.step ? `Step ${one.step}: ` : "Sequence: "}${words(one.what).toLowerCase()}`;
    return { at: one.at, kind: "step", title, detail: [one.detail, `by ${one.by}`].filter(Boolean).join(" · "), ...by, href };
  });
}

function ofCall(call: Call): Entry {
  const minutes = Math.max(1, Math.round(call.duration_seconds / 60));
  return { at: call.started_at, kind: "call", title: `Call of ${counted(minutes, "minute")}`, detail: `${counted(call.turns, "turn")}, at revision ${call.revision}`, persona_id: call.persona_id };
}

function ofSuppression(one: Suppression): Entry {
  return { at: one.created_at, kind: "suppression", title: `Suppressed by ${one.created_by}`, detail: one.reason, href: "/settings/suppressions" };
}
