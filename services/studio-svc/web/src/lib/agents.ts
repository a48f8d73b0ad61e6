import { answer, voice } from "../api/client.ts";
import type { Agent } from "../api/types.ts";

/** The states of an agent, for people; `level` is the look of its badge. */
export const STATES: Record<Agent["status"], { label: string; level: string }> = {
  not_configured: { label: "no agent", level: "" },
  creating: { label: "being made", level: "warn" },
  ready: { label: "ready", level: "good" },
  drifted: { label: "differs", level: "warn" },
  failed: { label: "failed", level: "bad" },
  quota: { label: "waits for quota", level: "bad" },
  deleting: { label: "being removed", level: "warn" },
};

/** Whether it changes by itself before long. */
export function isOnItsWay(status: Agent["status"]): boolean {
  return status === "creating" || status === "deleting";
}

/** Bring agents into step, or make them anew; return how many are busy and were left alone. */
export async function queueAgents(how: "update" | "recreate", persona_ids: string[]): Promise<number> {
  const body = { persona_ids };
  const done = await answer(
    how === "update" ? voice.POST("/api/agents/update", { body }) : voice.POST("/api/agents/recreate", { body }),
  );
  return done.items.filter((item) => item.result === "busy").length;
}
