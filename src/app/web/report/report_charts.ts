import embed, { type Result, type VisualizationSpec } from "vega-embed";

// A report shows its charts as pictures first. This script puts a live chart, with values to point at, in the place of
// each picture, and buttons that save it. Whatever goes wrong, the picture stays.

/** The picture of a chart at twice its size is sharp on paper and on good screens. */
const PNG_SCALE = 2;

/** What a chart's data element holds. */
interface ChartData {
  readonly name: string;
  readonly spec: VisualizationSpec;
}

void bringToLife([...document.querySelectorAll<HTMLElement>("figure.chart")]);

/** Makes the charts live one after the other; between two of them the reader can scroll and click. */
async function bringToLife(figures: readonly HTMLElement[]): Promise<void> {
  for (const figure of figures) {
    await new Promise((done) => setTimeout(done));
    await makeLive(figure);
  }
  document.documentElement.dataset["charts"] = "live";
}

async function makeLive(figure: HTMLElement): Promise<void> {
  const picture = figure.querySelector<SVGElement>(".paper > svg");
  const data = dataOf(figure);
  if (picture === null || data === undefined) return;
  const place = document.createElement("div");
  place.className = "live";
  place.hidden = true;
  picture.after(place);
  try {
    const result = await embed(place, data.spec, {
      mode: "vega",
      renderer: "svg",
      actions: false,
      // Expressions are interpreted, so the page need not allow code that is made of text.
      ast: true,
      defaultStyle: false,
      tooltip: { theme: "custom" },
    });
    nameImage(place, picture);
    offerFiles(figure, result, data.name);
    place.hidden = false;
    picture.remove();
  } catch (error) {
    place.remove();
    console.error(`${data.name}:`, error);
  }
}

/** The chart that a figure's data element holds. */
function dataOf(figure: HTMLElement): ChartData | undefined {
  const text = figure.querySelector("script[type='application/json']")?.textContent;
  return text === undefined || text === null ? undefined : JSON.parse(text);
}

/** A screen reader finds one image with the name and the words that the picture had. */
function nameImage(place: HTMLElement, picture: SVGElement): void {
  const image = place.querySelector("svg");
  if (image === null) return;
  image.setAttribute("role", "img");
  for (const name of ["aria-labelledby", "aria-describedby"]) {
    const value = picture.getAttribute(name);
    if (value !== null) image.setAttribute(name, value);
  }
  // Vega describes its own element, too; one description is enough.
  for (const element of place.querySelectorAll("[role='graphics-document']")) {
    for (const name of ["role", "aria-roledescription", "aria-label"]) element.removeAttribute(name);
  }
}

/** Shows the buttons of a figure; each saves the chart as it is now. */
function offerFiles(figure: HTMLElement, { view }: Result, name: string): void {
  const box = figure.querySelector<HTMLElement>(".save");
  if (box === null) return;
  for (const button of box.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      const isPng = button.dataset["type"] === "png";
      void (isPng ? pngOf(view) : svgOf(view)).then((blob) => save(blob, `${name}.${isPng ? "png" : "svg"}`));
    });
  }
  box.hidden = false;
}

async function svgOf(view: Result["view"]): Promise<Blob> {
  return new Blob([await view.toSVG()], { type: "image/svg+xml" });
}

async function pngOf(view: Result["view"]): Promise<Blob> {
  const canvas: unknown = await view.toCanvas(PNG_SCALE);
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error("this browser draws no canvas");
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob === null ? fail(new Error("this browser writes no PNG")) : done(blob)), "image/png");
  });
}

/** Hands a file to the reader; it never leaves the machine. */
function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
