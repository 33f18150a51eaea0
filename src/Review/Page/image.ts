// One image: photo and heat, all models, decisions, and the way to the next.
import { html } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { address } from "./address.js";
import { areasOf, newArea } from "./areas.js";
import { imageParameters } from "./card.js";
import { decisionButtons, decisionKeys } from "./decision-buttons.js";
import { decisions } from "./decisions.js";
import { decisionOf, many } from "./format.js";
import { defaultOpacity } from "./heat.js";
import { facts } from "./image-facts.js";
import { labelOf, modelPhotos, onePhoto } from "./image-photo.js";
import { Keys, type Key } from "./keys.js";
import { sizeOf } from "./loaded.js";
import { announce, say } from "./messages.js";
import { Part } from "./part.js";
import { zoomKeys, type ZoomPhoto } from "./photo.js";
import { ShownImage } from "./shown-image.js";
import { store, versionOf } from "./store.js";
import { whole, type Zoom } from "./zoom.js";
import type { Decision, Polygon } from "./types.js";
import type { PolygonLayer } from "./polygons.js";

@customElement("one-image")
export class OneImage extends Part {
    @state() private opacity = Number(address.get("opacity") ?? defaultOpacity);
    @state() private zoom: Zoom = whole;
    @state() private drawn?: Polygon[];
    @query("zoom-photo") private readonly photo?: ZoomPhoto;
    @query("textarea") private readonly note!: HTMLTextAreaElement;
    private readonly shown = new ShownImage(() => this.requestUpdate());
    private version = "";
    private stop = () => {};

    constructor() {
        super();
        new Keys(this, this.keys());
    }

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.follow());
        this.listen(store, "change", () => this.requestUpdate());
        this.listen(decisions, "saved", () => this.shown.refresh());
        store.hold = true;
        store.open(address.filter);
        this.stop = store.watch();
        this.follow();
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        this.stop();
    }

    override willUpdate() {
        const row = this.shown.row;
        const version = row ? versionOf(row) : "";
        if (version === this.version) return;
        this.version = version;
        this.zoom = whole;
        this.drawn = undefined;
        if (row) announce(labelOf(row));
    }

    override render() {
        if (this.shown.error && !this.shown.row)
            return html`<div class="empty" role="alert">
                <h1>No image</h1>
                <p>${this.shown.error}</p>
                <a class="button" href=${address.href("gallery", address.filter)}>All results</a>
            </div>`;
        const row = this.shown.row;
        if (!row)
            return html`<div class="image" aria-busy="true">
                <div class="photo"></div>
                <section class="side" aria-label="Result"><h1 class="muted">Loading…</h1></section>
            </div>`;
        const at = this.shown.place;
        const look = { opacity: this.opacity, marks: this.marks, zoom: this.zoom, setZoom: (zoom: Zoom) => (this.zoom = zoom) };
        return html`<div class="image">
            ${this.beside
                ? modelPhotos(this.shown.all!.results, look)
                : onePhoto(this.shown, row, look, this.areas, (areas) => (this.drawn = areas))}
            <section class="side" aria-label="Result">
                ${facts({
                    row,
                    heat: this.shown.heat,
                    document: this.shown.document,
                    all: this.shown.all,
                    opacity: this.opacity,
                    marks: this.marks,
                    setOpacity: (opacity) => (this.opacity = opacity),
                    keepOpacity: () => this.keepOpacity(),
                    toggleMarks: () => this.toggleMarks(),
                    showModel: (model) => this.showModel(model),
                    saveNote: () => this.saveNote(),
                    areas: this.areas.length,
                    beside: this.beside,
                    addArea: () => this.addArea(),
                    takeRegions: () => this.takeRegions(),
                    removeAreas: () => (this.drawn = []),
                    toggleBeside: () => this.toggleBeside(),
                })}
            </section>
            <div class="actions" role="group" aria-label="Decide">
                <a class="button" href=${address.href("gallery", { ...address.filter, heat: address.get("heat") })}>
                    <span aria-hidden="true">▦</span><span class="terse">All results</span>
                </a>
                <button type="button" ?disabled=${at < 0 || (at === 0 && store.waiting.length === 0)} @click=${() => this.step(-1)}>
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

    private get beside() {
        return address.get("beside") === "1" && (this.shown.all?.results.length ?? 0) > 1;
    }

    // Where people saw defects: drawn just now, or with the decision.
    private get areas(): Polygon[] {
        return this.drawn ?? this.shown.row?.review?.regions ?? [];
    }

    private async addArea() {
        if (this.beside) this.toggleBeside();
        this.drawn = [...this.areas, newArea(this.zoom)];
        await this.updateComplete;
        await this.photo?.updateComplete;
        this.querySelector<PolygonLayer>("polygon-layer")?.select(this.areas.length - 1, 0);
    }

    private takeRegions() {
        const { row, document } = this.shown;
        this.drawn = [...this.areas, ...areasOf(document?.regions ?? [], sizeOf(row!))];
    }

    private follow() {
        if (address.view !== "image") return;
        store.open(address.filter);
        const { cursor, show, imageCamera, camera } = address.parameters;
        const of = imageCamera ?? camera;
        if (cursor && of) void this.shown.open(of, cursor, show);
        else this.shown.fail("The address names no image.");
        this.requestUpdate();
    }

    private step(by: number) {
        if (by < 0 && this.shown.place === 0 && store.waiting.length > 0) store.admit();
        const at = this.shown.place;
        const next = store.rows[at + by];
        if (at < 0 || !next) return void say(by > 0 ? "This is the last image of the list." : "This is the newest image of the list.");
        address.go("image", imageParameters(next), true);
        this.shown.prefetch();
    }

    private decide(verdict: Decision) {
        if (!this.shown.row) return;
        this.put(verdict);
        if (store.rows[this.shown.place + 1]) this.step(1);
    }

    private saveNote() {
        if (!this.shown.row) return;
        if (decisionOf(this.shown.row) === "none") return void say("Decide first: a note and areas are stored with a decision.");
        this.put(decisionOf(this.shown.row));
        say("The note and the areas are saved with your decision.");
    }

    private put(verdict: Decision) {
        decisions.decide([this.shown.row!], verdict, { note: this.note.value.trim(), regions: this.areas });
        this.drawn = undefined;
    }

    private undo() {
        const row = decisions.undo();
        if (row && this.shown.row && versionOf(row) !== versionOf(this.shown.row)) {
            const listed = store.rows.find((other) => versionOf(other) === versionOf(row)) ?? row;
            address.go("image", imageParameters(listed), true);
        }
    }

    private get marks() {
        return address.get("marks") !== "0";
    }

    private toggleBeside() {
        address.set({ beside: this.beside ? undefined : "1" }, true);
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
        const models = this.shown.all?.results.map((row) => row.model) ?? [];
        if (models.length < 2) return void say("Only one model has scored this image.");
        const at = models.indexOf(this.shown.row!.model);
        this.showModel(first ? models[0]! : models[(at % (models.length - 1)) + 1]!);
    }

    private back() {
        address.go("gallery", { ...address.filter, heat: address.get("heat") });
    }

    private keys(): Key[] {
        const key = (keys: string[], what: string, run: () => void): Key => ({ keys, what, run });
        return [
            ...decisionKeys((verdict) => this.decide(verdict), ", and the next image"),
            key(["u"], "Undo the last decision, up to 50", () => this.undo()),
            key(["j", "ArrowRight", "ArrowDown"], "Next image", () => this.step(1)),
            key(["k", "ArrowLeft", "ArrowUp"], "Previous image", () => this.step(-1)),
            ...zoomKeys(() => this.photo, (zoom) => (this.zoom = zoom)),
            key(["h"], "Heat on or off", () => {
                this.opacity = this.opacity > 0 ? 0 : defaultOpacity;
                this.keepOpacity();
            }),
            key(["r"], "Contour and regions on or off", () => this.toggleMarks()),
            key(["a"], "First model", () => this.switchModel(true)),
            key(["b"], "Other model", () => this.switchModel(false)),
            key(["s"], "All models side by side", () => this.toggleBeside()),
            key(["m"], "Mark a defect area", () => this.addArea()),
            key(["n"], "Write a note", () => this.note?.focus()),
            key(["Escape"], "Back to all results", () => this.back()),
        ];
    }
}
