import type { Page } from "./lib/router.svelte.ts";
import type { IconName } from "./parts/Icon.svelte";

/** Every page there is. */
export const PAGES: Page[] = [
  { path: "/", title: "Home", load: () => import("./pages/Home.svelte") },
  { path: "/personas", title: "Personas", load: () => import("./pages/Personas.svelte") },
  { path: "/personas/:persona", title: "Identity", load: () => import("./pages/Identity.svelte") },
  { path: "/personas/:persona/history", title: "History", load: () => import("./pages/History.svelte") },
  { path: "/prompts/:persona", title: "Prompts", load: () => import("./pages/Prompts.svelte") },
  { path: "/files/:persona", title: "Files", load: () => import("./pages/Files.svelte") },
  { path: "/drafts", title: "Drafts", load: () => import("./pages/Drafts.svelte") },
  { path: "/chat/:persona", title: "Chat", load: () => import("./pages/Chat.svelte") },
  { path: "/sequences", title: "Sequences", load: () => import("./pages/Sequences.svelte") },
  { path: "/sequences/:sequence", title: "Sequence", load: () => import("./pages/SequencePage.svelte") },
  { path: "/voice/:persona", title: "Voice", load: () => import("./pages/Voice.svelte") },
  { path: "/agents", title: "Agents", load: () => import("./pages/Agents.svelte") },
  { path: "/models", title: "Models", load: () => import("./pages/Models.svelte") },
  { path: "/assignments", title: "Assignments", load: () => import("./pages/Assignments.svelte") },
  { path: "/settings", title: "Settings", load: () => import("./pages/Settings.svelte") },
  { path: "/settings/followups", title: "Follow-up settings", load: () => import("./pages/FollowupSettings.svelte") },
  { path: "/settings/suppressions", title: "Suppressions", load: () => import("./pages/Suppressions.svelte") },
  { path: "/settings/keys", title: "API keys", load: () => import("./pages/Keys.svelte") },
  { path: "/settings/people", title: "People", load: () => import("./pages/People.svelte") },
  { path: "/leads/:lead?", title: "Lead", load: () => import("./pages/Lead.svelte") },
  { path: "/activity", title: "Events", load: () => import("./pages/Events.svelte") },
  { path: "/audit", title: "Audit", load: () => import("./pages/Audit.svelte") },
  { path: "/trash", title: "Trash", load: () => import("./pages/Trash.svelte") },
];

export interface NavItem {
  href: string;
  label: string;
  icon: IconName;
  /** Pressed after `g`. */
  key: string;
}

/** Pages of the workspace, in the order in which they are shown. */
export const WORKSPACE: NavItem[] = [
  { href: "/", label: "Home", icon: "home", key: "h" },
  { href: "/drafts", label: "Drafts", icon: "inbox", key: "d" },
  { href: "/leads", label: "Leads", icon: "user", key: "l" },
  { href: "/personas", label: "Personas", icon: "users", key: "p" },
  { href: "/assignments", label: "Assignments", icon: "signpost", key: "c" },
  { href: "/sequences", label: "Sequences", icon: "steps", key: "s" },
  { href: "/agents", label: "Agents", icon: "agent", key: "v" },
  { href: "/models", label: "Models", icon: "model", key: "m" },
  { href: "/activity", label: "Events", icon: "activity", key: "e" },
  { href: "/audit", label: "Audit", icon: "scroll", key: "a" },
  { href: "/trash", label: "Trash", icon: "trash", key: "t" },
  { href: "/settings", label: "Settings", icon: "settings", key: "w" },
];

/** Pages below the settings: tabs there, and found by the palette. */
export const SETTINGS: { href: string; label: string }[] = [
  { href: "/settings", label: "General" },
  { href: "/settings/followups", label: "Follow-ups" },
  { href: "/settings/suppressions", label: "Suppressions" },
  { href: "/settings/keys", label: "API keys" },
  { href: "/settings/people", label: "People" },
];

/** Pages of one persona: `href` is followed by its id. */
export const OF_PERSONA: Omit<NavItem, "key">[] = [
  { href: "/chat", label: "Chat", icon: "chat" },
  { href: "/prompts", label: "Prompts", icon: "text" },
  { href: "/files", label: "Files", icon: "folder" },
  { href: "/voice", label: "Voice", icon: "audio" },
];
