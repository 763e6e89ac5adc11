import type { Plugin } from "vite";

export function mockServer(): Plugin {
  return { name: "lamella-mock", apply: "serve" };
}
