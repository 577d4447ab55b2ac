import { writeFileSync } from "node:fs";
import { VALIDATION_FIGURES_FILE, validationFigures } from "./validation_figures.ts";
import { VALIDATION_FILE, validationPage, validationReport } from "./validation_page.ts";

const report = validationReport();
writeFileSync(VALIDATION_FILE, await validationPage(report));
writeFileSync(VALIDATION_FIGURES_FILE, await validationFigures(report));
