// The grid of results. Only the rows near the window are in the document, so that 10,000 results cost no more than 100.
import { Virtualizer, defaultRangeExtractor, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { styleMap } from "lit/directives/style-map.js";
import { card } from "./card.js";
import { Part } from "./part.js";
import { store } from "./store.js";

const gap = 8;
const narrowest = 164; // px of a card
const textHeight = 54; // px below the picture

@customElement("result-grid")
export class ResultGrid extends Part {
    @property({ attribute: false }) selected: ReadonlySet<string> = new Set();
    @property({ type: Boolean }) heat = false;
    @state() private width = 0;
    private virtualizer?: Virtualizer<HTMLElement, HTMLElement>;
    private wanted = false;
    private rowHeight = 0;

    override connectedCallback() {
        super.connectedCallback();
        this.listen(this, "click", (event) => this.clicked(event as MouseEvent));
        this.listen(this, "focusin", (event) => this.focused(event.target as HTMLElement));
        const observer = new ResizeObserver(() => (this.width = this.clientWidth));
        observer.observe(this);
        this.width = this.clientWidth;
        this.virtualizer = new Virtualizer(this.options());
        const stop = this.virtualizer._didMount();
        this.stop = () => (observer.disconnect(), stop());
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        this.stop();
    }

    private stop = () => {};

    get columns() {
        return Math.max(1, Math.floor((this.width - gap) / (narrowest + gap)));
    }

    /** The place of the card in focus; 0 when it is gone. */
    get current() {
        return Math.max(
            0,
            store.rows.findIndex((row) => row.blob === store.focus),
        );
    }

    /** Moves the focus to a card and scrolls there. */
    focusCard(index: number) {
        const row = store.rows[Math.max(0, Math.min(index, store.rows.length - 1))];
        if (!row) return;
        store.focus = row.blob;
        this.wanted = true;
        this.requestUpdate();
        this.virtualizer!.scrollToIndex(Math.floor(store.rows.indexOf(row) / this.columns), { align: "auto" });
    }

    /** Cards of one window, for Page Up and Page Down. */
    get window() {
        return Math.max(1, Math.floor(this.clientHeight / this.rowHeight)) * this.columns;
    }

    override render() {
        const columns = this.columns;
        const height = Math.round(((this.width - gap * (columns + 1)) / columns) * 0.75) + textHeight + gap;
        this.virtualizer!.setOptions(this.options());
        if (height !== this.rowHeight) {
            this.rowHeight = height;
            this.virtualizer!.measure();
        }
        const current = this.current;
        const lines = this.width > 0 ? this.virtualizer!.getVirtualItems() : [];
        return html`<div
            role="grid"
            aria-label="Results, newest first"
            aria-multiselectable="true"
            aria-rowcount=${store.next ? -1 : Math.ceil(store.rows.length / columns)}
            aria-colcount=${columns}
            style=${styleMap({ height: `${this.virtualizer!.getTotalSize()}px` })}
        >
            ${repeat(
                lines,
                (line) => line.key,
                (line) => html`<div
                    role="row"
                    aria-rowindex=${line.index + 1}
                    style=${styleMap({
                        transform: `translateY(${line.start}px)`,
                        height: `${height - gap}px`,
                        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
                    })}
                >
                    ${repeat(
                        store.rows.slice(line.index * columns, (line.index + 1) * columns),
                        (row) => row.blob,
                        (row, i) =>
                            card(row, {
                                column: i + 1,
                                selected: this.selected.has(row.blob),
                                current: line.index * columns + i === current,
                                heat: this.heat,
                            }),
                    )}
                </div>`,
            )}
        </div>`;
    }

    override updated() {
        this.virtualizer!._willUpdate();
        const last = this.virtualizer!.getVirtualItems().at(-1);
        const lines = Math.ceil(store.rows.length / this.columns);
        if (last && last.index >= lines - 4 && store.next && !store.error) void store.more().catch(() => {});
        if (this.wanted) {
            const link = this.querySelector<HTMLElement>(`[data-blob="${CSS.escape(store.focus!)}"]`);
            if (link) {
                this.wanted = false;
                link.focus({ preventScroll: true });
            }
        }
    }

    private options() {
        return {
            count: Math.ceil(store.rows.length / this.columns),
            getScrollElement: () => this as HTMLElement,
            estimateSize: () => this.rowHeight || 200,
            initialRect: { width: this.clientWidth, height: this.clientHeight || innerHeight },
            overscan: 2,
            paddingStart: gap,
            scrollPaddingStart: gap,
            scrollPaddingEnd: gap,
            scrollToFn: elementScroll,
            observeElementRect,
            observeElementOffset,
            // The card in focus stays in the document, so that the focus is never lost by scrolling.
            rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
                const line = Math.floor(this.current / this.columns);
                const shown = defaultRangeExtractor(range);
                return shown.includes(line) || line >= range.count ? shown : [...shown, line].sort((a, b) => a - b);
            },
            onChange: () => this.requestUpdate(),
        };
    }

    private focused(target: HTMLElement) {
        const blob = target.dataset["blob"];
        if (!blob || blob === store.focus) return;
        store.focus = blob;
        this.requestUpdate();
        this.dispatchEvent(new Event("move"));
    }

    private clicked(event: MouseEvent) {
        const pick = (event.target as Element).closest<HTMLElement>("[data-pick]");
        const link = (event.target as Element).closest<HTMLElement>("[data-blob]");
        const blob = pick?.dataset["pick"] ?? link?.dataset["blob"];
        if (!blob || (!pick && !event.shiftKey)) return;
        event.preventDefault();
        this.dispatchEvent(new CustomEvent("pick", { detail: { blob, range: event.shiftKey } }));
    }
}
