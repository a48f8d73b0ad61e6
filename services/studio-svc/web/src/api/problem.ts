/** An error as the services answer it (RFC 9457), or that nothing answered. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { field: string; message: string }[];
  current?: unknown;
}

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }

  get status(): number {
    return this.problem.status;
  }

  /** The slug at the end of the problem's type. */
  get slug(): string {
    return this.problem.type.split(":").at(-1) ?? "";
  }

  /** What is wrong with each field, by its name. */
  get fields(): Record<string, string> {
    return Object.fromEntries((this.problem.errors ?? []).map((e) => [e.field, e.message]));
  }
}

export const OFFLINE: Problem = {
  type: "urn:dramatis:problem:no-network",
  title: "Nothing answers.",
  status: 0,
  detail: "Nothing answers: check the network, then try again.",
};

/** Make the error of an answer that is none of the 2xx. */
export function apiError(response: Response, body: unknown): ApiError {
  if (typeof body === "object" && body !== null && "title" in body) {
    return new ApiError(body as Problem);
  }
  const title = response.statusText || `Status ${response.status}`;
  return new ApiError({ type: "about:blank", title, status: response.status, detail: title });
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
