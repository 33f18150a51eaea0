import { html, nothing } from "lit";
import { address, type Parameters } from "./address.js";
import { heatmapUrl, imageUrl } from "./api.js";
import { decisionOf, decisions, file, generated, isGenerated, score, short, utc, verdictOf, verdicts } from "./format.js";
import { store, versionOf } from "./store.js";
import type { Row } from "./types.js";

/** The state of the view of one image, within the filter of the list. */
export function imageParameters(row: Row): Parameters {
    const { heat, show, opacity, marks, beside } = address.parameters;
    return { ...address.filter, heat, show, opacity, marks, beside, imageCamera: row.camera, cursor: row.cursor };
}

function loaded(event: Event) {
    (event.target as HTMLElement).classList.toggle("gone", event.type === "error");
}

/**
 * One result in the grid: picture, verdict with score, person's verdict. Few nodes: texts are set as properties, no white space;
 * the icons come from the style sheet, so that they are not read aloud.
 */
export function card(row: Row, place: { column: number; selected: boolean; current: boolean; heat: boolean }) {
    const verdict = verdicts[verdictOf(row)];
    const decision = decisionOf(row);
    const failed = verdictOf(row) === "failed";
    const value = failed ? (row.failure ?? "") : score(row.score);
    const decided = decision === "none" ? "" : decisions[decision].word;
    return html`<div role="gridcell" class="cell ${verdictOf(row)}" aria-colindex=${place.column} aria-selected=${place.selected}
        ><a
            class="card"
            href=${address.href("image", imageParameters(row))}
            draggable="false"
            tabindex=${place.current ? 0 : -1}
            title=${`${row.image}\n${utc(row.imageTime)}`}
            data-blob=${row.blob}
            ><img
                alt=""
                decoding="async"
                draggable="false"
                src=${place.heat && row.heatmap ? heatmapUrl(row) : imageUrl(row, 320)}
                @load=${loaded}
                @error=${loaded} /><span
                class="decided ${decision} ${store.unsaved.has(versionOf(row)) ? "saving" : ""}"
                .textContent=${decided}></span
            >${isGenerated(row)
                ? html`<span class="generated" .textContent=${`${generated.word} ${score(row.generatedProbability)}`}></span>`
                : nothing}<span class="verdict" .textContent=${`${verdict.word} ${value}`}></span
            ><span class="where" .textContent=${`${short(row.imageTime)} · ${row.camera}`}></span></a
        ><button
            type="button"
            class="pick"
            tabindex="-1"
            aria-label=${`Select ${file(row.image)}`}
            aria-pressed=${place.selected}
            data-pick=${row.blob}
            .textContent=${place.selected ? "✓" : ""}></button
    ></div>`;
}
