import { config } from "zod";

// The page forbids itself eval(). Without this, zod tries it once, and the browser reports the attempt as an error.
config({ jitless: true });
