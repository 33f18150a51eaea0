// The photo of one image, alone or once for each model.
import { html } from "lit";
import { imageUrl } from "./api.js";
import { score, verdictOf, verdicts } from "./format.js";
import { sizeOf } from "./loaded.js";
import { notice } from "./notice.js";
import { whole, type Zoom } from "./zoom.js";
import type { ZoomPhoto } from "./photo.js";
import type { ShownImage } from "./shown-image.js";
import type { Polygon, Row } from "./types.js";
import "./model-photo.js";
import "./photo.js";
import "./polygons.js";

export interface Look {
    opacity: number;
    /** Whether contour and regions are drawn. */
    marks: boolean;
    zoom: Zoom;
    setZoom: (zoom: Zoom) => void;
}

export const labelOf = (row: Row) => `${verdicts[verdictOf(row)].word} ${score(row.score)}: ${row.image}`;

const percentOf = (zoom: Zoom) => `${Math.round(100 * zoom.scale)} %`;

function closer(event: Event, factor: number) {
    (event.target as Element).closest(".photo")!.querySelector<ZoomPhoto>("zoom-photo")!.closer(factor);
}

/** The photo with the heat of the model that is shown, and the areas where people saw defects. */
export function onePhoto(shown: ShownImage, row: Row, look: Look, areas: Polygon[], draw: (areas: Polygon[]) => void) {
    const layer = html`<polygon-layer
        class="defects"
        what="Defect area"
        .polygons=${areas}
        @polygons=${(event: CustomEvent<Polygon[]>) => draw(event.detail)}
    ></polygon-layer>`;
    return html`<section class="photo" aria-label="Photo">
        <zoom-photo
            tabindex="0"
            role="group"
            aria-label="Photo: + and - zoom, Shift and arrow keys move"
            .label=${labelOf(row)}
            .image=${shown.image}
            .full=${imageUrl(row)}
            .size=${sizeOf(row)}
            .overlay=${shown.heat?.overlay}
            .contour=${look.marks && look.opacity > 0 ? (shown.heat?.contour ?? "") : ""}
            .regions=${look.marks ? (shown.document?.regions ?? []) : []}
            .layer=${layer}
            .opacity=${look.opacity}
            .zoom=${look.zoom}
            @zoom=${(event: CustomEvent<Zoom>) => look.setZoom(event.detail)}
        ></zoom-photo>
        ${notice(shown.error)}
        <div class="zoomer" role="group" aria-label="Zoom">
            <button type="button" class="icon" aria-label="Zoom out" @click=${(event: Event) => closer(event, 1 / 1.5)}>−</button>
            <button
                type="button"
                class="icon"
                aria-label=${`Whole image, now ${percentOf(look.zoom)}`}
                @click=${() => look.setZoom(whole)}
            >
                ${percentOf(look.zoom)}
            </button>
            <button type="button" class="icon" aria-label="Zoom in" @click=${(event: Event) => closer(event, 1.5)}>+</button>
        </div>
    </section>`;
}

/** The photo once for each model; all show the same part. */
export function modelPhotos(rows: Row[], look: Look) {
    return html`<section
        class="beside"
        aria-label="The image in all models"
        @zoom=${(event: CustomEvent<Zoom>) => look.setZoom(event.detail)}
    >
        ${rows.map(
            (row, i) => html`<model-photo
                .name=${"ABCDEFGH"[i] ?? ""}
                .row=${row}
                .opacity=${look.opacity}
                .marks=${look.marks}
                .zoom=${look.zoom}
            ></model-photo>`,
        )}
    </section>`;
}
