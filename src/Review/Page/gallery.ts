// Results as a grid, live and history, with filters and decisions.
import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { address } from "./address.js";
import { decisions, mostAtOnce } from "./decisions.js";
import { decisionButtons, decisionKeys } from "./decision-buttons.js";
import { count, many } from "./format.js";
import { Keys, type Key } from "./keys.js";
import { announce, say } from "./messages.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";
import { Selection } from "./selection.js";
import { store } from "./store.js";
import type { Decision, Session } from "./types.js";
import type { ResultGrid } from "./grid.js";
import "./filters.js";
import "./grid.js";

const skeleton = html`<div class="skeleton" aria-hidden="true">${Array.from({ length: 24 }, () => html`<i></i>`)}</div>`;

@customElement("result-gallery")
export class ResultGallery extends Part {
    @property({ attribute: false }) session!: Session;
    @state() private filtersOpen = false;
    @query("result-grid") private readonly grid!: ResultGrid;
    private readonly selection = new Selection(() => this.requestUpdate());
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
                        ${this.selection.blobs.size > 0
                            ? html`<button type="button" @click=${() => this.selection.clear()}>Clear selection</button>`
                            : nothing}
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
        if (!store.live) return `${shown} · history`;
        const state = store.cut ? html`<span role="alert">✕ no connection, trying again</span>` : html`<span class="live">live</span>`;
        return html`${shown} · ${state}`;
    }

    private target() {
        if (this.selection.blobs.size > 0) return `${count(this.selection.blobs.size)} selected`;
        return store.unsaved.size > 0 ? `Saving ${count(store.unsaved.size)}…` : "";
    }

    private content() {
        if (store.rows.length > 0)
            return html`<result-grid
                    .selected=${this.selection.blobs}
                    .heat=${this.heat}
                    @pick=${this.pick}
                    @scroll=${this.scrolled}
                    @move=${() => this.requestUpdate()}
                ></result-grid>
                ${notice(store.error, () => this.again())}`;
        if (store.status === "loading") return skeleton;
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
        if (before !== store.rows) this.selection.clear();
        this.requestUpdate();
    }

    private refresh() {
        if (store.status === "loading") {
            this.selection.clear();
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
        const selected = this.selection.rows;
        decisions.decide(selected.length > 0 ? selected : store.rows.slice(this.grid.current, this.grid.current + 1), verdict);
        if (selected.length > 0) this.selection.clear();
        else this.grid.focusCard(this.grid.current + 1);
    }

    private selectAll() {
        this.selection.all();
        if (store.rows.length > mostAtOnce) say(`The newest ${count(mostAtOnce)} are selected: that many can be decided at once.`);
    }

    private pick(event: CustomEvent<{ blob: string; range: boolean }>) {
        const { blob, range } = event.detail;
        store.focus = blob;
        if (range) this.selection.extend(blob);
        else this.selection.toggle(blob);
    }

    private move(by: number, select = false) {
        const from = store.rows[this.grid.current]?.blob;
        this.grid.focusCard(this.grid.current + by);
        if (select && from) this.selection.extend(store.focus!, from);
    }

    private keys(): Key[] {
        const move = (keys: string[], what: string, by: () => number, select = false) => ({
            keys,
            what,
            run: () => this.grid && this.move(by(), select),
        });
        const toggle = () => {
            const row = this.grid && store.rows[this.grid.current];
            if (row) this.selection.toggle(row.blob);
        };
        return [
            ...decisionKeys((verdict) => this.grid && this.decide(verdict)),
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
            { keys: ["Escape"], what: "Clear the selection", run: () => this.selection.clear() },
            { keys: ["h"], what: "Heatmaps on or off", run: () => this.toggleHeat() },
        ];
    }
}
