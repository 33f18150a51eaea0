// Results as a grid, live and history, with filters and decisions.
import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { address } from "./address.js";
import { decisions, mostAtOnce } from "./decisions.js";
import { decisionButtons } from "./decision-buttons.js";
import { count, many } from "./format.js";
import { Keys, type Key } from "./keys.js";
import { announce, say } from "./messages.js";
import { Part } from "./part.js";
import { store } from "./store.js";
import type { Decision, Row, Session } from "./types.js";
import type { ResultGrid } from "./grid.js";
import "./filters.js";
import "./grid.js";

@customElement("result-gallery")
export class ResultGallery extends Part {
    @property({ attribute: false }) session!: Session;
    @state() private selected: ReadonlySet<string> = new Set();
    @state() private filtersOpen = false;
    @query("result-grid") private readonly grid!: ResultGrid;
    private anchor?: string; // where a range of selected cards begins
    private stop = () => {};

    constructor() {
        super();
        new Keys(this, this.keys());
    }

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.follow());
        this.listen(store, "change", () => this.refresh());
        this.listen(store, "fresh", (event) => announce(many((event as CustomEvent<number>).detail, "new result")));
        this.stop = store.watch();
        store.hold = false;
        if (store.waiting.length > 0) store.admit();
        this.follow();
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        this.stop();
    }

    override firstUpdated() {
        if (store.focus && store.rows.length > 0) this.grid.focusCard(this.grid.current);
    }

    override render() {
        const filters = Object.keys(address.filter).length;
        return html`
            <div class="gallery ${this.filtersOpen ? "filtering" : ""}">
                <section class="side" aria-label="Filters" id="filters"><result-filters .session=${this.session}></result-filters></section>
                <section class="results" aria-label="Results" aria-busy=${store.status === "loading"}>
                    <div class="toolbar">
                        <h1>Results</h1>
                        <span class="muted">${this.summary()}</span>
                        <span class="spring"></span>
                        ${store.waiting.length > 0
                            ? html`<button type="button" class="primary" @click=${this.admit}>
                                  ↑ ${many(store.waiting.length, "new result")}
                              </button>`
                            : nothing}
                        <button
                            type="button"
                            class="narrow"
                            aria-expanded=${this.filtersOpen}
                            aria-controls="filters"
                            @click=${() => (this.filtersOpen = !this.filtersOpen)}
                        >
                            Filters${filters ? ` (${filters})` : ""}
                        </button>
                        <button type="button" aria-pressed=${this.heat} @click=${this.toggleHeat}>Heatmaps</button>
                        <button type="button" @click=${this.selectAll}>Select all shown</button>
                    </div>
                    ${this.content()}
                    <div class="actions" role="group" aria-label="Decide">
                        <span class="muted what">${this.target()}</span>
                        ${decisionButtons((verdict) => this.decide(verdict), undefined, store.rows.length === 0)}
                        <button type="button" ?disabled=${!decisions.canUndo} @click=${this.undo}>Undo <kbd>U</kbd></button>
                        ${this.selected.size > 0 ? html`<button type="button" @click=${this.clear}>Clear selection</button>` : nothing}
                    </div>
                </section>
            </div>
        `;
    }

    private get heat() {
        return address.get("heat") === "1";
    }

    private summary() {
        if (store.status !== "ready") return store.status === "loading" ? "Loading…" : "";
        const shown = store.next ? `${count(store.rows.length)}+ shown` : many(store.rows.length, "result");
        return html`${shown} · ${store.live ? html`<span class="live">live</span>` : "history"}`;
    }

    private target() {
        if (this.selected.size > 0) return `${count(this.selected.size)} selected`;
        return store.unsaved.size > 0 ? `Saving ${count(store.unsaved.size)}…` : "";
    }

    private content() {
        if (store.rows.length > 0)
            return html`<result-grid
                    .selected=${this.selected}
                    .heat=${this.heat}
                    @pick=${this.pick}
                    @scroll=${this.scrolled}
                    @move=${() => this.requestUpdate()}
                ></result-grid>
                ${store.error
                    ? html`<div class="notice" role="alert">
                          ${store.error} <button type="button" @click=${this.again}>Try again</button>
                      </div>`
                    : nothing}`;
        if (store.status === "loading") return html`<div class="skeleton" aria-hidden="true">${Array.from({ length: 24 }, () => html`<i></i>`)}</div>`;
        if (store.status === "failed")
            return html`<div class="empty" role="alert">
                <p>Results could not be loaded: ${store.error}</p>
                <button type="button" @click=${() => store.reload()}>Try again</button>
            </div>`;
        return html`<div class="empty">
            ${Object.keys(address.filter).length > 0
                ? html`<p>No results match these filters.</p>
                      <button type="button" @click=${() => address.go("gallery", { heat: address.get("heat") })}>Clear filters</button>`
                : html`<p>No results yet. New results appear here by themselves.</p>`}
        </div>`;
    }

    private follow() {
        if (address.view !== "gallery") return;
        const before = store.rows;
        store.open(address.filter);
        if (before !== store.rows) this.clear();
        this.requestUpdate();
    }

    private refresh() {
        if (store.status === "loading") {
            this.clear();
            this.grid?.scrollTo(0, 0);
        }
        this.requestUpdate();
        this.grid?.requestUpdate();
    }

    private scrolled() {
        store.hold = this.grid.scrollTop > 4;
        if (!store.hold && store.waiting.length > 0) store.admit();
    }

    private admit() {
        this.grid.scrollTo(0, 0);
        store.hold = false;
        store.admit();
        this.grid.focusCard(0);
    }

    private again() {
        store.error = "";
        store.more().catch(() => {});
    }

    private toggleHeat() {
        address.set({ heat: this.heat ? undefined : "1" }, true);
    }

    private undo() {
        const row = decisions.undo();
        const index = store.rows.findIndex((other) => other.blob === row?.blob);
        if (index >= 0) this.grid.focusCard(index);
    }

    private decide(verdict: Decision) {
        const rows = this.selected.size > 0 ? store.rows.filter((row) => this.selected.has(row.blob)) : [store.rows[this.grid.current]];
        decisions.decide(rows.filter((row): row is Row => row !== undefined), verdict);
        if (this.selected.size > 0) this.clear();
        else this.grid.focusCard(this.grid.current + 1);
    }

    private clear() {
        this.selected = new Set();
        this.anchor = undefined;
    }

    private selectAll() {
        this.selected = new Set(store.rows.slice(0, mostAtOnce).map((row) => row.blob));
        if (store.rows.length > mostAtOnce) say(`The newest ${count(mostAtOnce)} are selected: that many can be decided at once.`);
    }

    private pick(event: CustomEvent<{ blob: string; range: boolean }>) {
        const { blob, range } = event.detail;
        store.focus = blob;
        if (range) this.selectRange(blob);
        else this.toggle(blob);
    }

    private toggle(blob: string) {
        const selected = new Set(this.selected);
        if (!selected.delete(blob)) selected.add(blob);
        this.selected = selected;
        this.anchor = blob;
    }

    private selectRange(blob: string) {
        const place = (of?: string) => store.rows.findIndex((row) => row.blob === of);
        const [a, b] = [Math.max(0, place(this.anchor ?? blob)), place(blob)];
        const range = store.rows.slice(Math.min(a, b), Math.max(a, b) + 1).map((row) => row.blob);
        this.anchor ??= blob;
        this.selected = new Set([...this.selected, ...range].slice(0, mostAtOnce));
    }

    private move(by: number, select = false) {
        const from = store.rows[this.grid.current]?.blob;
        this.grid.focusCard(this.grid.current + by);
        if (!select || !from) return;
        this.anchor ??= from;
        this.selectRange(store.focus!);
    }

    private keys(): Key[] {
        const decide = (key: string, verdict: Decision, what: string) => ({ keys: [key], what, run: () => this.grid && this.decide(verdict) });
        const move = (keys: string[], what: string, by: () => number, select = false) => ({
            keys,
            what,
            run: () => this.grid && this.move(by(), select),
        });
        const toggle = () => {
            const row = this.grid && store.rows[this.grid.current];
            if (row) this.toggle(row.blob);
        };
        return [
            decide("1", "fine", "Fine"),
            decide("2", "defect", "Defect"),
            decide("3", "unsure", "Unsure"),
            { keys: ["u"], what: "Undo the last decision, up to 50", run: () => this.undo() },
            move(["j", "ArrowRight"], "Next", () => 1),
            move(["k", "ArrowLeft"], "Previous", () => -1),
            move(["ArrowDown"], "One row down", () => this.grid.columns),
            move(["ArrowUp"], "One row up", () => -this.grid.columns),
            move(["PageDown"], "One page down", () => this.grid.window),
            move(["PageUp"], "One page up", () => -this.grid.window),
            move(["Home"], "Newest", () => -store.rows.length),
            move(["End"], "Oldest that is loaded", () => store.rows.length),
            { keys: ["Enter"], what: "Open the image", run: () => this.grid?.querySelector<HTMLElement>(".card[tabindex='0']")?.click() },
            { keys: ["x", " "], what: "Select or unselect", run: toggle },
            move(["Shift+x", "Shift+ArrowRight"], "Select on to the next", () => 1, true),
            move(["Shift+ArrowLeft"], "Select on to the previous", () => -1, true),
            move(["Shift+ArrowDown"], "Select on to the row below", () => this.grid.columns, true),
            move(["Shift+ArrowUp"], "Select on to the row above", () => -this.grid.columns, true),
            { keys: ["Ctrl+a"], what: "Select all shown", run: () => this.selectAll() },
            { keys: ["Escape"], what: "Clear the selection", run: () => this.clear() },
            { keys: ["h"], what: "Heatmaps on or off", run: () => this.toggleHeat() },
        ];
    }
}
