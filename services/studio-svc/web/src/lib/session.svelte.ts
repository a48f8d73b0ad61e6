import { apiError, ApiError, OFFLINE } from "../api/problem.ts";

export interface Me {
  subject: string;
  name: string | null;
  email: string | null;
  role: "viewer" | "editor" | "admin";
  workspace_id: string;
  stand_ins?: { service: string; stand_in: string }[];
}

const RANKS = { viewer: 0, editor: 1, admin: 2 };

/** Who is signed in. Its requests do not go through `send`: a 401 is their answer. */
class Session {
  me = $state<Me | null>(null);
  /** The session has ended under an open page. */
  isExpired = $state(false);
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

  get canEdit(): boolean {
    return RANKS[this.me?.role ?? "viewer"] >= RANKS.editor;
  }

  get isAdmin(): boolean {
    return this.me?.role === "admin";
  }

  /** Read who is signed in; null: nobody. */
  async load(): Promise<Me | null> {
    const response = await asked("/api/me");
    if (response.status === 401) return null;
    this.me = await body<Me>(response);
    return this.me;
  }

  /** Which ways there are to sign in. */
  async ways(): Promise<{ oidc: boolean; code: boolean }> {
    return body(await asked("/api/login"));
  }

  /**
   * Sign in with the one-time code of a link.
   *
   * @throws ApiError the code is used, too old or unknown.
   */
  async signIn(code: string): Promise<void> {
    const json = { "Content-Type": "application/json" };
    const request = { method: "POST", headers: json, body: JSON.stringify({ code }) };
    this.#entered(await body<Me>(await asked("/api/login", request)));
  }

  async signOut(): Promise<void> {
    await asked("/api/logout", { method: "POST" });
    location.assign("/login");
  }

  /** Ask the person to sign in over the page; return once that is done. */
  signInAgain(): Promise<void> {
    this.isExpired = true;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Go on where another tab has signed in: true if so. */
  async recheck(): Promise<boolean> {
    const response = await asked("/api/me");
    if (!response.ok) return false;
    this.#entered(await body<Me>(response));
    return true;
  }

  #entered(me: Me): void {
    if (this.me && (this.me.workspace_id !== me.workspace_id || this.me.subject !== me.subject)) {
      location.assign("/");
      return;
    }
    this.me = me;
    this.isExpired = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }
}

async function asked(path: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError(OFFLINE);
  }
}

async function body<T>(response: Response): Promise<T> {
  const json: unknown = await response.json().catch(() => null);
  if (!response.ok) throw apiError(response, json);
  return json as T;
}

export const session = new Session();
