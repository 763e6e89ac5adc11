import { afterEach, expect, test, vi } from "vitest";
import { Api, ApiError } from "../../src/annotator/api.ts";
import type { OutboxItem } from "../../src/annotator/store/database.ts";

const item = { id: "c1", assignmentId: "a1", body: { id: "c1" } } as OutboxItem;

function answers(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const fake = vi.fn(() => Promise.resolve(new Response(status === 204 ? null : text, { status })));
  vi.stubGlobal("fetch", fake);
  return fake;
}

afterEach(() => vi.unstubAllGlobals());

test("an empty queue is no error", async () => {
  answers(204, "");
  expect(await new Api("t").next("liver")).toBeNull();
});

test("requests carry the CSRF token and go to the assignment", async () => {
  const fake = answers(201, { id: "c1", message: "" });
  expect(await new Api("token").send(item)).toEqual({ state: "stored", result: { id: "c1", message: "" } });
  const [url, init] = fake.mock.calls[0] as [string, RequestInit];
  expect(url).toBe("/api/v1/assignments/a1/corrections");
  expect(init.headers).toMatchObject({ "X-CSRFToken": "token" });
});

test("what was called back goes in the place of the old correction", async () => {
  const fake = answers(201, { id: "c2", message: "" });
  await new Api("t").send({ ...item, recalls: "c1" });
  expect(fake.mock.calls[0][0]).toBe("/api/v1/corrections/c1/recall");
});

test("a wish goes with the question for the next slice", async () => {
  const fake = answers(204, "");
  await new Api("t").next("liver", "easy");
  const [, init] = fake.mock.calls[0] as [string, RequestInit];
  expect(init.body).toBe('{"kind":"easy"}');
});

test("the server's sentence reaches the person", async () => {
  answers(403, { detail: "This study is not open to you." });
  await expect(new Api("t").next("liver")).rejects.toThrow("This study is not open to you.");
});

test("a proxy's page becomes one plain sentence", async () => {
  answers(502, "<html>Bad gateway</html>");
  await expect(new Api("t").next("liver")).rejects.toThrow("The server could not answer (error 502).");
});

test("no connection is told apart from an answer", async () => {
  vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("Failed to fetch"))));
  await expect(new Api("t").next("liver")).rejects.toMatchObject({ status: 0 } satisfies Partial<ApiError>);
});

test.each([[0, "later"], [401, "later"], [429, "later"], [503, "later"], [403, "refused"], [409, "refused"], [413, "refused"], [422, "refused"]])(
  "a correction answered with %i is %s",
  async (status, state) => {
    if (status === 0) vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError())));
    else answers(status, { detail: "No." });
    expect((await new Api("t").send(item)).state).toBe(state);
  },
);
