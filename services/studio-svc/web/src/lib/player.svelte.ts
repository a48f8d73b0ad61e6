import { send } from "../api/client.ts";
import { apiError, ApiError, OFFLINE } from "../api/problem.ts";

const MP3 = "audio/mpeg";
const CUT = { ...OFFLINE, title: "The audio was cut off.", detail: "The audio was cut off: try again." };

/** Speech that is heard while it is made, and can be downloaded once it is whole. */
export class Player {
  /** What is played: the name that it was asked for by. */
  playing = $state<string | null>(null);
  isLoading = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** For the `src` of an audio element. */
  source = $state<string | null>(null);
  /** The whole of it, for a link. */
  file = $state<string | null>(null);
  headers = $state.raw<Headers | null>(null);
  #abort = new AbortController();

  /** Ask for speech by POST, and let the element with `source` play it from its first part on. */
  async play(name: string, path: string, body: object): Promise<void> {
    this.stop();
    const { signal } = (this.#abort = new AbortController());
    this.playing = name;
    this.isLoading = true;
    this.error = null;
    try {
      const response = await spoken(path, body, signal);
      this.headers = response.headers;
      const parts = MediaSource.isTypeSupported(MP3) ? await this.#stream(response, signal) : [await response.blob()];
      if (signal.aborted) return;
      this.file = URL.createObjectURL(new Blob(parts, { type: MP3 }));
      this.source ??= this.file;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error instanceof ApiError ? error : new ApiError(CUT);
      this.playing = null;
    } finally {
      if (!signal.aborted) this.isLoading = false;
    }
  }

  stop(): void {
    this.#abort.abort();
    for (const address of new Set([this.source, this.file])) if (address) URL.revokeObjectURL(address);
    this.source = this.file = this.playing = this.headers = null;
    this.isLoading = false;
  }

  async #stream(response: Response, signal: AbortSignal): Promise<BlobPart[]> {
    const media = new MediaSource();
    const opened = once(media, "sourceopen", signal);
    this.source = URL.createObjectURL(media);
    await opened;
    const buffer = media.addSourceBuffer(MP3);
    const reader = response.body!.getReader();
    const parts: BlobPart[] = [];
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(value);
        const taken = once(buffer, "updateend", signal);
        buffer.appendBuffer(value);
        await taken;
      }
    } finally {
      if (media.readyState === "open") media.endOfStream();
    }
    return parts;
  }
}

async function spoken(path: string, body: object, signal: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  const request = new Request(new URL(path, location.origin), { method: "POST", headers, body: JSON.stringify(body), signal });
  const response = await send(request);
  if (!response.ok) throw apiError(response, await response.json().catch(() => null));
  return response;
}

function once(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, () => resolve(), { once: true });
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
