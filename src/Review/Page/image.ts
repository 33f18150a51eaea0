// One image: photo and heat, all models, decisions, and the way to the next.
import { html, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { address } from "./address.js";
import { imageUrl } from "./api.js";
import { imageParameters } from "./card.js";
import { decisionButtons } from "./decision-buttons.js";
import { decisions } from "./decisions.js";
import { decisionOf, many, score, verdictOf, verdicts } from "./format.js";
import { defaultOpacity } from "./heat.js";
import { facts } from "./image-facts.js";
import { Keys, type Key } from "./keys.js";
import { documents, heats, pictures, prefetch, sizeOf, versions, type Heat } from "./loaded.js";
import { say } from "./messages.js";
import { Part } from "./part.js";
import { store, versionOf } from "./store.js";
import { whole, type Zoom } from "./zoom.js";
import type { Decision, ResultDocument, Row, Versions } from "./types.js";
import type { ZoomPhoto } from "./photo.js";
import "./photo.js";

const ahead = 3; // images loaded before they are asked for

const percentOf = (zoom: Zoom) => `${Math.round(100 * zoom.scale)} %`;

@customElement("one-image")
export class OneImage extends Part {
    @state() private row?: Row;
    @state() private opacity = Number(address.get("opacity") ?? defaultOpacity);
    @state() private zoom: Zoom = whole;
    @state() private error = "";
    @query("zoom-photo") private readonly photo!: ZoomPhoto;
    @query("textarea") private readonly note!: HTMLTextAreaElement;
    private image?: HTMLImageElement;
    private heat?: Heat;
    private document?: ResultDocument;
    private all?: Versions;
    private shown = "";
    private stop = () => {};

    constructor() {
        super();
        new Keys(this, this.keys());
    }

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.follow());
        this.listen(store, "change", () => this.requestUpdate());
        this.listen(decisions, "saved", () => this.saved());
        store.hold = true;
        store.open(address.filter);
        this.stop = store.watch();
        this.follow();
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        this.stop();
    }

    override render() {
        if (this.error && !this.row)
            return html`<div class="empty" role="alert">
                <p>${this.error}</p>
                <a class="button" href=${address.href("gallery", address.filter)}>All results</a>
            </div>`;
        const row = this.row;
        if (!row) return html`<div class="image" aria-busy="true"><div class="photo"></div></div>`;
        const at = this.place;
        const verdict = verdicts[verdictOf(row)];
        return html`<div class="image">
            <section class="photo" aria-label="Photo">
                <zoom-photo
                    tabindex="0"
                    role="group"
                    aria-label="Photo: + and - zoom, Shift and arrow keys move"
                    .label=${`${row.image}: ${verdict.word} ${score(row.score)}`}
                    .image=${this.image}
                    .full=${imageUrl(row)}
                    .size=${sizeOf(row)}
                    .overlay=${this.heat?.overlay}
                    .contour=${this.marks && this.opacity > 0 ? (this.heat?.contour ?? "") : ""}
                    .regions=${this.marks ? (this.document?.regions ?? []) : []}
                    .opacity=${this.opacity}
                    .zoom=${this.zoom}
                    @zoom=${(event: CustomEvent<Zoom>) => (this.zoom = event.detail)}
                ></zoom-photo>
                ${this.error ? html`<p class="notice" role="alert">${this.error}</p>` : nothing}
                <div class="zoomer" role="group" aria-label="Zoom">
                    <button type="button" class="icon" aria-label="Zoom out" @click=${() => this.photo.closer(1 / 1.5)}>−</button>
                    <button type="button" class="icon" aria-label=${`Whole image, now ${percentOf(this.zoom)}`} @click=${() => (this.zoom = whole)}>
                        ${percentOf(this.zoom)}
                    </button>
                    <button type="button" class="icon" aria-label="Zoom in" @click=${() => this.photo.closer(1.5)}>+</button>
                </div>
            </section>
            <section class="side" aria-label="Result">
                ${facts({
                    row,
                    heat: this.heat,
                    document: this.document,
                    all: this.all,
                    opacity: this.opacity,
                    marks: this.marks,
                    setOpacity: (opacity) => (this.opacity = opacity),
                    keepOpacity: () => this.keepOpacity(),
                    toggleMarks: () => this.toggleMarks(),
                    showModel: (model) => this.showModel(model),
                    saveNote: () => this.saveNote(),
                })}
            </section>
            <div class="actions" role="toolbar" aria-label="Decide">
                <a class="button" href=${address.href("gallery", { ...address.filter, heat: address.get("heat") })}>
                    <span aria-hidden="true">▦</span><span class="terse">All results</span>
                </a>
                <button type="button" ?disabled=${at <= 0} @click=${() => this.step(-1)}>
                    <span aria-hidden="true">‹</span><span class="sr">Previous image</span> <kbd>K</kbd>
                </button>
                <button type="button" ?disabled=${at < 0 || !store.rows[at + 1]} @click=${() => this.step(1)}>
                    <span aria-hidden="true">›</span><span class="sr">Next image</span> <kbd>J</kbd>
                </button>
                ${decisionButtons((decision) => this.decide(decision), decisionOf(row))}
                <button type="button" ?disabled=${!decisions.canUndo} @click=${this.undo}>Undo <kbd>U</kbd></button>
                <span class="muted">${store.unsaved.size > 0 ? `Saving ${many(store.unsaved.size, "decision")}…` : ""}</span>
            </div>
        </div>`;
    }

    // The place of the image in the list, whichever of its results is shown; -1: not in the list.
    private get place() {
        const row = this.row;
        return row ? store.rows.findIndex((other) => other.etag === row.etag && other.image === row.image) : -1;
    }

    private follow() {
        if (address.view !== "image") return;
        store.open(address.filter);
        const { cursor, show } = address.parameters;
        const camera = address.get("imageCamera") ?? address.get("camera");
        if (!cursor || !camera) {
            this.error = "The address names no image.";
            return;
        }
        const place = `${camera}|${cursor}|${show ?? ""}`;
        if (place !== this.shown) {
            this.shown = place;
            void this.open(camera, cursor, show);
        }
        this.requestUpdate();
    }

    private async open(camera: string, cursor: string, show: string | undefined) {
        const place = this.shown;
        const known = store.rows.find((row) => row.cursor === cursor && row.camera === camera);
        try {
            const seed = known ?? ({ camera, cursor, image: cursor, etag: "" } as Row);
            if (known && !show) this.display(known);
            const all = versions.peek(seed) ?? (await versions.load(seed));
            if (place !== this.shown) return;
            const rows = all.results.map((row) => store.freshen(row));
            const row = (show ? rows.find((other) => other.model === show) : rows.find((other) => other.cursor === cursor)) ?? rows[0];
            if (!row) throw new Error("There is no result of this image.");
            if (!known || show) this.display(known && known.blob === row.blob ? known : row);
            this.all = all;
            this.requestUpdate();
            if (!known) await store.reach(cursor);
            this.prefetch();
        } catch (error) {
            if (place !== this.shown) return;
            this.error = (error as Error).message;
            if (!known) this.row = undefined;
        }
    }

    // Shows what is here at once, and the rest as it comes.
    private display(row: Row) {
        if (!this.row || versionOf(row) !== versionOf(this.row)) {
            this.zoom = whole;
            this.all = versions.peek(row);
        }
        this.row = row;
        this.error = "";
        this.image = pictures.peek(row);
        this.heat = row.map ? heats.peek(row) : undefined;
        this.document = documents.peek(row);
        const listed = store.rows[this.place];
        if (listed) store.focus = listed.blob;
        const fill = <T>(promise: Promise<T>, put: (value: T) => void) =>
            promise.then(
                (value) => {
                    if (this.row?.blob !== row.blob) return;
                    put(value);
                    this.requestUpdate();
                },
                (error: Error) => {
                    if (this.row?.blob === row.blob) this.error = error.message;
                },
            );
        void fill(pictures.load(row), (image) => (this.image = image));
        if (row.map) void fill(heats.load(row), (heat) => (this.heat = heat));
        void fill(documents.load(row), (document) => (this.document = document));
    }

    private prefetch() {
        const at = this.place;
        if (at < 0) return;
        if (at + 2 * ahead > store.rows.length) store.more().catch(() => {});
        for (const row of store.rows.slice(at + 1, at + 1 + ahead)) prefetch(row);
    }

    private step(by: number) {
        const at = this.place;
        const next = store.rows[at + by];
        if (at < 0 || !next) return void say(by > 0 ? "This is the last image of the list." : "This is the newest image of the list.");
        address.go("image", imageParameters(next), true);
        this.prefetch();
    }

    private decide(verdict: Decision) {
        if (!this.row) return;
        const note = this.note.value.trim();
        decisions.decide([this.row], verdict, { note });
        if (store.rows[this.place + 1]) this.step(1);
    }

    private saveNote() {
        if (!this.row) return;
        decisions.decide([this.row], decisionOf(this.row), { note: this.note.value.trim() });
        say("The note is saved with your decision.");
    }

    private undo() {
        const row = decisions.undo();
        if (row && this.row && versionOf(row) !== versionOf(this.row)) {
            const listed = store.rows.find((other) => versionOf(other) === versionOf(row)) ?? row;
            address.go("image", imageParameters(listed), true);
        }
    }

    // The history of this image has grown.
    private saved() {
        const row = this.row;
        if (!row) return;
        versions.forget(row);
        versions.load(row).then(
            (all) => {
                if (this.row !== row) return;
                this.all = all;
                this.requestUpdate();
            },
            () => {},
        );
    }

    private get marks() {
        return address.get("marks") !== "0";
    }

    private toggleMarks() {
        address.set({ marks: this.marks ? "0" : undefined }, true);
    }

    private keepOpacity() {
        address.set({ opacity: this.opacity === defaultOpacity ? undefined : String(this.opacity) }, true);
    }

    private showModel(model: string) {
        address.set({ show: model }, true);
    }

    // A: the first model; B: each of the others in turn.
    private switchModel(first: boolean) {
        const models = this.all?.results.map((row) => row.model) ?? [];
        if (models.length < 2) return void say("Only one model has scored this image.");
        const at = models.indexOf(this.row!.model);
        this.showModel(first ? models[0]! : models[(at % (models.length - 1)) + 1]!);
    }

    private back() {
        address.go("gallery", { ...address.filter, heat: address.get("heat") });
    }

    private keys(): Key[] {
        const key = (keys: string[], what: string, run: () => void): Key => ({ keys, what, run });
        return [
            key(["1"], "Fine, and the next image", () => this.decide("fine")),
            key(["2"], "Defect, and the next image", () => this.decide("defect")),
            key(["3"], "Unsure, and the next image", () => this.decide("unsure")),
            key(["u"], "Undo the last decision, up to 50", () => this.undo()),
            key(["j", "ArrowRight", "ArrowDown"], "Next image", () => this.step(1)),
            key(["k", "ArrowLeft", "ArrowUp"], "Previous image", () => this.step(-1)),
            key(["+", "="], "Zoom in", () => this.photo?.closer(1.5)),
            key(["-"], "Zoom out", () => this.photo?.closer(1 / 1.5)),
            key(["0"], "Whole image", () => (this.zoom = whole)),
            key(["Shift+ArrowLeft"], "Move left", () => this.photo?.shift(-0.2, 0)),
            key(["Shift+ArrowRight"], "Move right", () => this.photo?.shift(0.2, 0)),
            key(["Shift+ArrowUp"], "Move up", () => this.photo?.shift(0, -0.2)),
            key(["Shift+ArrowDown"], "Move down", () => this.photo?.shift(0, 0.2)),
            key(["h"], "Heat on or off", () => {
                this.opacity = this.opacity > 0 ? 0 : defaultOpacity;
                this.keepOpacity();
            }),
            key(["r"], "Contour and regions on or off", () => this.toggleMarks()),
            key(["a"], "First model", () => this.switchModel(true)),
            key(["b"], "Other model", () => this.switchModel(false)),
            key(["n"], "Write a note", () => this.note?.focus()),
            key(["Escape"], "Back to all results", () => this.back()),
        ];
    }
}
