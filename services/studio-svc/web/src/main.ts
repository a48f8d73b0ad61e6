import "./app.css";
import "./lib/theme.ts";

import { mount } from "svelte";

import App from "./App.svelte";

const RELOADED = "dramatis-reloaded";

// A page of an older build asks for files that are no more: load the new build, once.
addEventListener("vite:preloadError", (event) => {
  if (sessionStorage.getItem(RELOADED)) return;
  sessionStorage.setItem(RELOADED, "1");
  event.preventDefault();
  location.reload();
});
addEventListener("load", () => {
  setTimeout(() => sessionStorage.removeItem(RELOADED), 5000);
  void registerWorker();
});
mount(App, { target: document.body });

async function registerWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const policy = (window as any).trustedTypes?.createPolicy("dramatis-worker", {
    createScriptURL: () => "/sw.js",
  });
  await navigator.serviceWorker.register(policy ? policy.createScriptURL("") : "/sw.js");
}
