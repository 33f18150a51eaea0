// A photo with its heat, contour and regions; zoom and pan by wheel, drag, pinch and keys.
import { html, nothing, svg } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { styleMap } from "lit/directives/style-map.js";
import { fitted, picture } from "./loaded.js";
import { Part } from "./part.js";
import { clamp, pan, whole, zoomAt, type Window, type Zoom } from "./zoom.js";
import type { Key } from "./keys.js";
import type { Region } from "./types.js";

/** Keys that zoom and move a photo, or all that show the same part. */
export function zoomKeys(photo: () => ZoomPhoto | null | undefined, set: (zoom: Zoom) => void): Key[] {
    const move = (key: string, what: string, x: number, y: number): Key => ({
        keys: [`Shift+${key}`],
        what,
        run: () => photo()?.shift(x, y),
    });
    return [
        { keys: ["+", "="], what: "Zoom in", run: () => photo()?.closer(1.5) },
        { keys: ["-"], what: "Zoom out", run: () => photo()?.closer(1 / 1.5) },
        { keys: ["0"], what: "Whole image", run: () => set(whole) },
        move("ArrowLeft", "Move left", -0.2, 0),
        move("ArrowRight", "Move right", 0.2, 0),
        move("ArrowUp", "Move up", 0, -0.2),
        move("ArrowDown", "Move down", 0, 0.2),
    ];
}

@customElement("zoom-photo")
export class ZoomPhoto extends Part {
    @property({ attribute: false }) image?: HTMLImageElement;
    /** Address of the picture in full size, for looking closer than the fitted one allows. */
    @property({ attribute: false }) full?: string;
    @property({ attribute: false }) overlay?: HTMLCanvasElement;
    @property({ attribute: false }) contour = "";
    @property({ attribute: false }) regions: Region[] = [];
    /** Size in pixels that regions and contour count in. */
    @property({ attribute: false }) size = { width: 0, height: 0 };
    @property({ attribute: false }) opacity = 0;
    @property({ attribute: false }) zoom: Zoom = whole;
    /** What lies over the photo and moves with it. */
    @property({ attribute: false }) layer: unknown = nothing;
    @property() label = "Photo";
    @state() private room = { width: 0, height: 0 };
    private sharp?: HTMLImageElement;
    private readonly pointers = new Map<number, PointerEvent>();
    private observer?: ResizeObserver;

    override connectedCallback() {
        super.connectedCallback();
        this.listen(this, "wheel", (event) => this.wheel(event as WheelEvent), { passive: false });
        this.listen(this, "pointerdown", (event) => this.down(event as PointerEvent));
        this.listen(this, "pointermove", (event) => this.move(event as PointerEvent));
        const end = (event: Event) => this.pointers.delete((event as PointerEvent).pointerId);
        this.listen(this, "pointerup", end);
        this.listen(this, "pointercancel", end);
        this.listen(this, "dblclick", (event) => this.twice(event as MouseEvent));
        this.observer = new ResizeObserver(() => (this.room = { width: this.clientWidth, height: this.clientHeight }));
        this.observer.observe(this);
        this.room = { width: this.clientWidth, height: this.clientHeight };
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        this.observer?.disconnect();
    }

    get pixels() {
        const { width, height } = this.size;
        return width && height ? this.size : { width: this.image?.naturalWidth || 1, height: this.image?.naturalHeight || 1 };
    }

    get window(): Window {
        const { width, height } = this.pixels;
        const fit = Math.min(this.room.width / width, this.room.height / height);
        return { ...this.room, fitWidth: width * fit, fitHeight: height * fit };
    }

    /** Zooms by a factor around the middle. */
    closer(factor: number) {
        this.change(zoomAt(this.zoom, this.window, factor));
    }

    /** Moves the window by shares of its size. */
    shift(x: number, y: number) {
        this.change(pan(this.zoom, this.window, -x * this.room.width, -y * this.room.height));
    }

    override willUpdate(changed: Map<PropertyKey, unknown>) {
        if (changed.has("image") || changed.has("full")) this.sharp = undefined;
    }

    override render() {
        if (this.room.width === 0) return nothing;
        const window = this.window;
        const zoom = clamp(this.zoom, window);
        const { width, height } = this.pixels;
        const shown = { width: window.fitWidth * zoom.scale, height: window.fitHeight * zoom.scale };
        const left = window.width / 2 - zoom.x * shown.width;
        const top = window.height / 2 - zoom.y * shown.height;
        const magnified = shown.width > 3 * width;
        const image = this.sharp ?? this.image;
        return html`<div
            class="stage ${magnified ? "magnified" : ""}"
            style=${styleMap({ width: `${shown.width}px`, height: `${shown.height}px`, transform: `translate(${left}px, ${top}px)` })}
        >
            <div class="picture" role="img" aria-label=${this.label}>
                ${image ?? nothing}
                <div class="heat" style=${styleMap({ opacity: String(this.opacity) })}>${this.overlay ?? nothing}</div>
                <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
                    ${this.contour ? svg`<path class="under" d=${this.contour} /><path class="contour" d=${this.contour} />` : nothing}
                    ${this.regions.map(
                        (region) => svg`<rect class="under" x=${region.x} y=${region.y} width=${region.width} height=${region.height} />
                        <rect class="region" x=${region.x} y=${region.y} width=${region.width} height=${region.height} />`,
                    )}
                </svg>
            </div>
            ${this.layer}
        </div>`;
    }

    override updated() {
        const { width, height } = this.pixels;
        const longest = Math.max(width, height);
        const blurred = Math.max(this.window.fitWidth, this.window.fitHeight) * this.zoom.scale * devicePixelRatio > fitted * 1.1;
        if (this.full && !this.sharp && this.image && longest > fitted && blurred) void this.sharpen(this.full);
    }

    private async sharpen(url: string) {
        this.sharp = this.image;
        const image = await picture(url).catch(() => undefined);
        if (!image || this.full !== url || this.sharp !== this.image) return;
        this.sharp = image;
        this.requestUpdate();
    }

    private change(zoom: Zoom) {
        this.dispatchEvent(new CustomEvent("zoom", { detail: zoom, bubbles: true }));
    }

    private fromMiddle(event: MouseEvent): [number, number] {
        const box = this.getBoundingClientRect();
        return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    }

    private wheel(event: WheelEvent) {
        event.preventDefault();
        const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : 1);
        this.change(zoomAt(this.zoom, this.window, Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), ...this.fromMiddle(event)));
    }

    private twice(event: MouseEvent) {
        this.change(this.zoom.scale > 1.01 ? whole : zoomAt(this.zoom, this.window, 4, ...this.fromMiddle(event)));
    }

    private down(event: PointerEvent) {
        if (event.button !== 0 || event.defaultPrevented) return;
        this.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, event);
    }

    private move(event: PointerEvent) {
        const before = this.pointers.get(event.pointerId);
        if (!before) return;
        this.pointers.set(event.pointerId, event);
        const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
        const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
        if (!other) return this.change(pan(this.zoom, this.window, dx, dy));
        const distance = (pointer: PointerEvent) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY);
        const [ax, ay] = this.fromMiddle(event);
        const [bx, by] = this.fromMiddle(other);
        const factor = distance(event) / Math.max(1, distance(before));
        this.change(pan(zoomAt(this.zoom, this.window, factor, (ax + bx) / 2, (ay + by) / 2), this.window, dx / 2, dy / 2));
    }
}
