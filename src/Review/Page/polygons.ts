// Polygons over a picture, drawn by mouse and by keys. Fills its parent; corners are shares of its width and height.
import { html, nothing, svg } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Part } from "./part.js";
import type { Point, Polygon } from "./types.js";

const fine = 0.005;
const coarse = 0.05;

const within = (value: number) => Math.round(1e4 * Math.min(1, Math.max(0, value))) / 1e4;

@customElement("polygon-layer")
export class PolygonLayer extends Part {
    @property({ attribute: false }) polygons: Polygon[] = [];
    /** What a polygon is called. */
    @property() what = "Area";
    @state() private selected: [polygon: number, corner: number] = [0, 0];

    override connectedCallback() {
        super.connectedCallback();
        this.listen(this, "keydown", (event) => this.key(event as KeyboardEvent));
    }

    /** Puts the focus on a corner. */
    select(polygon: number, corner: number) {
        this.selected = [polygon, corner];
        void this.updateComplete.then(() => this.querySelector<HTMLElement>('.corner[tabindex="0"]')?.focus({ preventScroll: true }));
    }

    override render() {
        return html`<svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
                ${this.polygons.map(
                    (polygon, p) => svg`<polygon points=${polygon.map((point) => point.join()).join(" ")} />
                        ${polygon.map(([x, y], c) => {
                            const [x2, y2] = polygon[(c + 1) % polygon.length]!;
                            return svg`<line x1=${x} y1=${y} x2=${x2} y2=${y2}
                                @pointerdown=${(event: PointerEvent) => this.split(event, p, c)} />`;
                        })}`,
                )}
            </svg>
            ${this.polygons.map((polygon, p) => polygon.map((point, c) => this.corner(point, p, c)))}`;
    }

    private corner([x, y]: Point, p: number, c: number) {
        const current = p === this.selected[0] && c === this.selected[1];
        const [sp, sc] = this.selected;
        const reachable = current || (p === 0 && c === 0 && !this.polygons[sp]?.[sc]);
        return html`<button
            type="button"
            class="corner"
            data-own-keys
            style="left: ${100 * x}%; top: ${100 * y}%"
            tabindex=${reachable ? 0 : -1}
            aria-label=${`${this.what} ${p + 1}, corner ${c + 1}: ${(100 * x).toFixed(1)} % from left, ${(100 * y).toFixed(1)} % from top`}
            aria-current=${current ? "true" : nothing}
            @focus=${() => (this.selected = [p, c])}
            @pointerdown=${(event: PointerEvent) => this.drag(event, p, c)}
        ></button>`;
    }

    private put(polygons: Polygon[]) {
        this.polygons = polygons;
        this.dispatchEvent(new CustomEvent("polygons", { detail: polygons, bubbles: true }));
    }

    private move(p: number, c: number, [x, y]: Point) {
        const point: Point = [within(x), within(y)];
        this.put(this.polygons.map((polygon, i) => (i === p ? polygon.with(c, point) : polygon)));
    }

    private add(p: number, after: number, point: Point) {
        this.put(this.polygons.map((polygon, i) => (i === p ? polygon.toSpliced(after + 1, 0, point) : polygon)));
        this.select(p, after + 1);
    }

    private removeCorner(p: number, c: number) {
        const rest = this.polygons[p]!.toSpliced(c, 1);
        if (rest.length < 3) {
            this.put(this.polygons.toSpliced(p, 1));
            this.select(Math.max(0, p - 1), 0);
        } else {
            this.put(this.polygons.with(p, rest));
            this.select(p, Math.max(0, c - 1));
        }
    }

    private at(event: PointerEvent): Point {
        const box = this.getBoundingClientRect();
        return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
    }

    private drag(event: PointerEvent, p: number, c: number) {
        if (event.button !== 0) return;
        event.preventDefault();
        event.stopPropagation();
        this.select(p, c);
        this.setPointerCapture(event.pointerId);
        const moved = (next: PointerEvent) => this.move(p, c, this.at(next));
        this.addEventListener("pointermove", moved);
        this.addEventListener("lostpointercapture", () => this.removeEventListener("pointermove", moved), { once: true });
    }

    // A press on an edge adds a corner there.
    private split(event: PointerEvent, p: number, c: number) {
        if (event.button !== 0) return;
        this.add(p, c, this.at(event));
        this.drag(event, p, c + 1);
    }

    private key(event: KeyboardEvent) {
        const [p, c] = this.selected;
        const point = this.polygons[p]?.[c];
        if (!point || event.ctrlKey || event.altKey || event.metaKey || !(event.target as Element).matches(".corner")) return;
        const by = event.shiftKey ? coarse : fine;
        const [x, y] = point;
        const [x2, y2] = this.polygons[p]![(c + 1) % this.polygons[p]!.length]!;
        const actions: Record<string, () => void> = {
            ArrowLeft: () => this.move(p, c, [x - by, y]),
            ArrowRight: () => this.move(p, c, [x + by, y]),
            ArrowUp: () => this.move(p, c, [x, y - by]),
            ArrowDown: () => this.move(p, c, [x, y + by]),
            Enter: () => this.add(p, c, [within((x + x2) / 2), within((y + y2) / 2)]),
            Delete: () => this.removeCorner(p, c),
            Backspace: () => this.removeCorner(p, c),
            "]": () => this.next(1),
            "[": () => this.next(-1),
        };
        const action = actions[event.key];
        if (!action) return;
        event.preventDefault();
        event.stopPropagation();
        action();
    }

    // The next corner of all polygons.
    private next(by: number) {
        const all = this.polygons.flatMap((polygon, p) => polygon.map((_, c) => [p, c] as const));
        const at = all.findIndex(([p, c]) => p === this.selected[0] && c === this.selected[1]);
        const [p, c] = all[(at + by + all.length) % all.length]!;
        this.select(p, c);
    }
}
