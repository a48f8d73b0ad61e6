/** The events of an answer that is being written: the AI SDK's UI message stream. */
export type ChatEvent =
  | { type: "start"; messageId: string }
  | { type: "data-thread_info"; data: { thread_id: string; title: string; message_id: string } }
  | { type: "text-delta"; delta: string }
  | { type: "data-restart" }
  | { type: "finish" | "abort" }
  | { type: "error"; errorText: string };

export interface Frame<Event> {
  id: string;
  event: Event | null;
  isDone: boolean;
}

/** Read server-sent events; a stream that ends without its last one was cut. */
export async function* frames<Event = ChatEvent>(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame<Event>> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const parts = rest.split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const frame = parsed<Event>(part);
        if (frame) yield frame;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parsed<Event>(text: string): Frame<Event> | null {
  let id = "";
  const data: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("id: ")) id = line.slice(4);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  if (data.length === 0) return null;
  const joined = data.join("\n");
  if (joined === "[DONE]") return { id, event: null, isDone: true };
  return { id, event: JSON.parse(joined) as Event, isDone: false };
}
