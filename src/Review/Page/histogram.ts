// Scores as stacked bars by people's verdict, with the threshold as a line to drag.
import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import uPlot from "uplot";
import { Part } from "./part.js";

export interface Layer {
    name: string;
    /** CSS variable of its colour. */
    color: string;
    counts: number[];
}

// 0, 1, 2, 5, 10 and so on, as far apart as labels need.
function marks(plot: uPlot, _axis: number, _low: number, high: number) {
    const all = [0];
    let last = 0;
    for (let power = 1; power <= high; power *= 10)
        for (const value of [power, 2 * power, 5 * power]) {
            const place = Math.sqrt(value / high) * (plot.bbox.height / devicePixelRatio || plot.height);
            if (value > high || place - last < 22) continue;
            all.push(value);
            last = place;
        }
    return all;
}

@customElement("score-histogram")
export class ScoreHistogram extends Part {
    /** From bottom to top. */
    @property({ attribute: false }) layers: Layer[] = [];
    @property({ type: Number }) threshold = 0.5;
    /** The threshold in force. */
    @property({ type: Number }) present?: number;
    /** Whether heights grow by the square root of counts, so that small ones show. */
    @property({ type: Boolean }) stretched = false;
    private plot?: uPlot;
    private observer?: ResizeObserver;
    private lines: HTMLElement[] = [];

    override connectedCallback() {
        super.connectedCallback();
        this.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.draw());
        this.observer = new ResizeObserver(() => {
            this.plot?.setSize({ width: this.clientWidth, height: this.clientHeight });
            this.place();
        });
        this.observer.observe(this);
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        this.observer?.disconnect();
        this.plot?.destroy();
        this.plot = undefined;
    }

    override render() {
        return html`<div class="plot" aria-hidden="true"></div>`;
    }

    override updated(changed: Map<PropertyKey, unknown>) {
        if (!this.plot || changed.has("layers") || changed.has("stretched")) this.draw();
        else this.place();
    }

    private draw() {
        this.plot?.destroy();
        const bins = this.layers[0]?.counts.length ?? 0;
        if (bins === 0) return;
        const edges = Array.from({ length: bins }, (_, i) => i / bins);
        const sums: number[][] = [];
        for (const { counts } of this.layers) sums.push(counts.map((value, i) => value + (sums.at(-1)?.[i] ?? 0)));
        const bars = uPlot.paths.bars!({ align: 1, size: [1, Infinity], gap: 0 });
        const [text, grid] = [this.color("--muted"), this.color("--line")];
        const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, font: "12px system-ui, sans-serif" };
        this.plot = new uPlot(
            {
                width: this.clientWidth,
                height: this.clientHeight,
                legend: { show: false },
                cursor: { show: false },
                padding: [12, 12, 0, 0],
                scales: {
                    x: { time: false, range: [0, 1] },
                    y: {
                        range: (_, __, max) => [0, Math.max(1, max * 1.05)],
                        ...(this.stretched ? { distr: 100, fwd: Math.sqrt, inv: (value: number) => value * value } : {}),
                    },
                },
                axes: [
                    { ...axis, label: "Raw score", labelSize: 18, labelFont: axis.font, size: 32 },
                    { ...axis, size: 60, ...(this.stretched ? { splits: marks, filter: (_, all) => all } : {}) },
                ],
                // The highest sum is drawn first, the lower ones over it.
                series: [
                    {},
                    ...this.layers.toReversed().map(({ name, color }) => ({
                        label: name,
                        fill: this.color(color),
                        width: 0,
                        paths: bars,
                        points: { show: false },
                    })),
                ],
            },
            [edges, ...sums.toReversed()] as uPlot.AlignedData,
            this.querySelector<HTMLElement>(".plot")!,
        );
        this.lines = ["present", "wanted"].map((name) => {
            const line = document.createElement("div");
            line.className = `line ${name}`;
            this.plot!.over.append(line);
            return line;
        });
        this.plot.over.addEventListener("pointerdown", (event) => this.drag(event));
        this.place();
    }

    private place() {
        const [present, wanted] = this.lines;
        if (!this.plot || !present || !wanted) return;
        present.hidden = this.present === undefined;
        present.style.left = `${this.plot.valToPos(this.present ?? 0, "x")}px`;
        wanted.style.left = `${this.plot.valToPos(this.threshold, "x")}px`;
    }

    private drag(down: PointerEvent) {
        const over = this.plot!.over;
        const move = (event: PointerEvent, done = false) => {
            const box = over.getBoundingClientRect();
            const value = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
            this.dispatchEvent(new CustomEvent(done ? "put" : "drag", { detail: value }));
        };
        over.setPointerCapture(down.pointerId);
        move(down);
        const moved = (event: PointerEvent) => move(event);
        over.addEventListener("pointermove", moved);
        over.addEventListener(
            "lostpointercapture",
            (event) => {
                over.removeEventListener("pointermove", moved);
                move(event, true);
            },
            { once: true },
        );
    }

    private color(variable: string) {
        this.style.color = `var(${variable})`;
        const color = getComputedStyle(this).color;
        this.style.color = "";
        return color;
    }
}
