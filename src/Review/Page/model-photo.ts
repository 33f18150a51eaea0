// One model's view of an image, beside those of other models.
import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { imageUrl } from "./api.js";
import { file, score, verdictOf, verdicts } from "./format.js";
import { documents, heats, pictures, sizeOf, type Heat } from "./loaded.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";
import { whole, type Zoom } from "./zoom.js";
import type { ResultDocument, Row } from "./types.js";
import "./photo.js";

@customElement("model-photo")
export class ModelPhoto extends Part {
    @property({ attribute: false }) row!: Row;
    /** What the model is called beside the others, such as A. */
    @property() name = "";
    @property({ attribute: false }) opacity = 0;
    @property({ attribute: false }) marks = true;
    @property({ attribute: false }) zoom: Zoom = whole;
    @state() private image?: HTMLImageElement;
    @state() private heat?: Heat;
    @state() private document?: ResultDocument;
    @state() private error = "";
    private loaded = "";

    override willUpdate() {
        if (this.row.blob === this.loaded) return;
        this.loaded = this.row.blob;
        this.image = undefined;
        this.heat = this.row.map ? heats.peek(this.row) : undefined;
        this.document = undefined;
        this.error = "";
        this.fill(this.picture(this.row), (image) => (this.image = image));
        if (this.row.map) this.fill(heats.load(this.row), (heat) => (this.heat = heat));
        this.fill(documents.load(this.row), (document) => (this.document = document));
    }

    override render() {
        const row = this.row;
        const verdict = verdicts[verdictOf(row)];
        return html`<figure>
            <figcaption>
                <strong>${this.name}</strong> <span class="name">${row.model}</span>: ${verdict.icon} ${verdict.word} ${score(row.score)}
            </figcaption>
            <div class="photo">
                <zoom-photo
                    tabindex="0"
                    role="group"
                    aria-label=${`Photo with the heat of ${row.model}: + and - zoom all, Shift and arrow keys move`}
                    .label=${`${file(row.image)} by ${row.model}`}
                    .image=${this.image}
                    .full=${imageUrl(row)}
                    .size=${sizeOf(row)}
                    .overlay=${this.heat?.overlay}
                    .contour=${this.marks && this.opacity > 0 ? (this.heat?.contour ?? "") : ""}
                    .regions=${this.marks ? (this.document?.regions ?? []) : []}
                    .opacity=${this.opacity}
                    .zoom=${this.zoom}
                ></zoom-photo>
                ${notice(this.error)}
            </div>
        </figure>`;
    }

    // An element is in one place of the page: each model gets a picture of its own.
    private async picture(row: Row) {
        const image = (await pictures.load(row)).cloneNode() as HTMLImageElement;
        await image.decode();
        return image;
    }

    private fill<T>(promise: Promise<T>, put: (value: T) => void) {
        const wanted = this.loaded;
        promise.then(
            (value) => wanted === this.loaded && put(value),
            (error: Error) => wanted === this.loaded && (this.error = error.message),
        );
    }
}
