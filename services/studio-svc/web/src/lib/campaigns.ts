import { answer, persona } from "../api/client.ts";
import type { components } from "../api/generated/persona-svc.d.ts";
import type { Campaign } from "../api/types.ts";
import type { PageOf } from "./paged.svelte.ts";
import { toasts } from "./toasts.svelte.ts";

export type Place = components["schemas"]["CampaignAssignment"];
export type Channel = NonNullable<Place["channel"]>;

/** Where a persona can be assigned; `any` is every channel without an own one. */
export const CHANNELS: Record<Channel, string> = {
  any: "All channels",
  email: "E-mail",
  sms: "SMS",
  linkedin: "LinkedIn",
};

/** The persona that is assigned at exactly this place: not one that holds there because of `any`. */
export function assignedAt(campaign: Campaign, place: Channel): string | null {
  const isOwn = place === "any" || campaign.overrides.includes(place);
  return (isOwn && campaign.assignments[place]) || null;
}

export function campaignPage(after: string | undefined): Promise<PageOf<Campaign>> {
  const query = { limit: 200, ...(after && { after }) };
  return answer(persona.GET("/api/campaigns", { params: { query } }));
}

/** Assign personas, all or none; undo puts back what `campaigns` had. */
export async function assign(
  campaigns: Campaign[],
  places: Place[],
  done: () => Promise<unknown>,
): Promise<void> {
  const before = places.map((place) => {
    const campaign = campaigns.find((one) => one.campaign_id === place.campaign_id);
    return { ...place, persona_id: campaign ? assignedAt(campaign, place.channel ?? "any") : null };
  });
  await sent(places);
  await done();
  const count = new Set(places.map((place) => place.campaign_id)).size;
  toasts.show(count === 1 ? "Assigned." : `Assigned in ${count} campaigns.`, async () => {
    await sent(before);
    await done();
  });
}

async function sent(assignments: Place[]): Promise<void> {
  await answer(persona.POST("/api/campaigns/assignments", { body: { assignments } }));
}
