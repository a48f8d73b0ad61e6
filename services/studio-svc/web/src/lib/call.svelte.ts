import { answer, voice } from "../api/client.ts";
import { ApiError, OFFLINE } from "../api/problem.ts";

interface Turn {
  role: "user" | "agent";
  message: string;
}
/** What the vendor tells during a call; of its other events, such as sound, nothing is shown. */
interface CallEvent {
  type: string;
  agent_response_event?: { agent_response: string };
  ping_event?: { event_id: number };
}
const REFUSED = { ...OFFLINE, title: "The call did not come about.", detail: "The vendor took no call at the address that it gave: try again." };

/** A call with a persona's agent in which one types: it takes no microphone. */
export class TypedCall {
  state = $state<"connecting" | "open" | "ended">("connecting");
  turns = $state.raw<Turn[]>([]);
  revision = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  #socket: WebSocket | null = null;

  async begin(persona: string): Promise<void> {
    const params = { path: { persona_id: persona } };
    try {
      const given = await answer(voice.POST("/api/personas/{persona_id}/voice/session", { params, body: {} }));
      if (this.state === "ended") return;
      this.revision = given.revision;
      this.#open(given.signed_url, given.dynamic_variables);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#ended(error);
    }
  }

  say(message: string): void {
    this.turns = [...this.turns, { role: "user", message }];
    this.#socket?.send(JSON.stringify({ type: "user_message", text: message }));
  }

  end(): void {
    this.#ended(null);
    this.#socket?.close();
  }

  #open(url: string, dynamic_variables: Record<string, unknown>): void {
    const socket = (this.#socket = new WebSocket(url));
    socket.addEventListener("open", () => {
      this.state = "open";
      socket.send(JSON.stringify({ type: "conversation_initiation_client_data", dynamic_variables }));
    });
    socket.addEventListener("message", ({ data }) => this.#heard(JSON.parse(String(data)) as CallEvent));
    socket.addEventListener("close", () => this.#ended(this.turns.length ? null : new ApiError(REFUSED)));
  }

  #heard(event: CallEvent): void {
    if (event.agent_response_event) {
      this.turns = [...this.turns, { role: "agent", message: event.agent_response_event.agent_response }];
    } else if (event.ping_event) {
      this.#socket?.send(JSON.stringify({ type: "pong", event_id: event.ping_event.event_id }));
    }
  }

  #ended(error: ApiError | null): void {
    if (this.state === "ended") return;
    this.state = "ended";
    this.error = error;
  }
}
