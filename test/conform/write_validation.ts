import { writeFileSync } from "node:fs";
import { VALIDATION_FILE, validationPage } from "./validation_page.ts";

writeFileSync(VALIDATION_FILE, await validationPage());
