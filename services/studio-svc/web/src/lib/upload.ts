/** What ingest-svc takes; it is asked before anything is sent. */
export const MAX_FILE_BYTES = 50_000_000;
export const MAX_FILES = 20;

/** Why a file is not sent; null: it is. */
export function refusal(file: { name: string; size: number }): string | null {
  if (file.size === 0) return `${file.name} is empty.`;
  if (file.size > MAX_FILE_BYTES) return `${file.name} is larger than 50 MB.`;
  return null;
}

export interface Upload {
  name: string;
  /** From 0 to 1. */
  sent: number;
  error: string | null;
}

/**
 * Send one file, with its progress; the services know it once this returns.
 *
 * @throws Error it was refused, or nothing answers.
 */
export function sendFile(path: string, file: File, sent: (share: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.upload.addEventListener("progress", (event) => sent(event.loaded / event.total));
    request.addEventListener("error", () => reject(new Error("Nothing answers.")));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve();
      else reject(new Error(detailOf(request.responseText) || `Status ${request.status}`));
    });
    const form = new FormData();
    form.append("files", file);
    request.send(form);
  });
}

function detailOf(text: string): string {
  try {
    return (JSON.parse(text) as { detail?: string }).detail ?? "";
  } catch {
    return "";
  }
}
