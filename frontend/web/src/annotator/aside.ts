/** What is fetched once the first slice is there. */
export type Aside = typeof import("./aside/index.ts");

/** The parts, ready to be drawn in the page's language. */
export async function fetchAside(): Promise<Aside> {
  const aside = await import("./aside/index.ts");
  await aside.loadMessages();
  return aside;
}
