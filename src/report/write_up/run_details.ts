import type { RunDocument } from "../../study/run_document.ts";
import { auditLines } from "../audit_text.ts";
import { verdictSentences } from "../audit_text.ts";
import { causesByCount, findingParagraphs } from "../finding.ts";
import { formatCount, formatFigure, formatPercent, formatProbability, formatSpan } from "../number_text.ts";
import type { Block } from "./block.ts";
