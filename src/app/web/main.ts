import { Page } from "./page.ts";

const texts = import.meta.glob<string>("../../../scenarios/*.yaml", { query: "?raw", import: "default", eager: true });

/** Shipped scenarios by the paths that the command line knows them by. */
const shipped = new Map(Object.entries(texts).map(([path, text]) => [path.replace(/^.*\/(?=scenarios\/)/, ""), text]));

/** The page, which lives as long as its window. */
export const page = new Page(shipped, "scenarios/nodelocaldns.yaml");
