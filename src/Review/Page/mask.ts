// Ignored areas of a camera, drawn on its newest image.
import { html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { imageUrl } from "./api.js";
import { newArea } from "./areas.js";
import { Part } from "./part.js";
import { whole } from "./zoom.js";
import type { PolygonLayer } from "./polygons.js";
import type { Polygon, Row } from "./types.js";
import "./polygons.js";

@customElement("mask-editor")
export class MaskEditor extends Part {
    @property({ attribute: false }) polygons: Polygon[] = [];
    @property({ attribute: false }) newest?: Row;
    @query("polygon-layer") private readonly layer!: PolygonLayer;

    override render() {
        const { newest, polygons } = this;
        const ratio = newest?.width && newest.height ? `${newest.width} / ${newest.height}` : "4 / 3";
        return html`<fieldset class="group">
            <legend>Ignored areas</legend>
            <div class="mask" style="--ratio: ${ratio}">
                ${newest ? html`<img alt="Newest image of ${newest.camera}" src=${imageUrl(newest, 1600)} />` : nothing}
                <polygon-layer
                    what="Ignored area"
                    .polygons=${polygons}
                    @polygons=${(event: CustomEvent<Polygon[]>) => this.put(event.detail)}
                ></polygon-layer>
            </div>
            <p class="muted">
                Drag a corner; press on an edge to add one. Keys: arrows move the corner (Shift: further), Enter adds one, Delete removes
                it, [ and ] go to the next.
            </p>
            <div class="buttons">
                <button type="button" @click=${this.add}>Add an area</button>
                ${polygons.map(
                    (_, i) => html`<button type="button" @click=${() => this.put(polygons.toSpliced(i, 1))}>Remove area ${i + 1}</button>`,
                )}
            </div>
        </fieldset>`;
    }

    private put(polygons: Polygon[]) {
        this.polygons = polygons;
        this.dispatchEvent(new CustomEvent("mask", { detail: polygons }));
    }

    private async add() {
        this.put([...this.polygons, newArea(whole)]);
        await this.updateComplete;
        this.layer.select(this.polygons.length - 1, 0);
    }
}
