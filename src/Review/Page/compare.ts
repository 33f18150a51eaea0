// Two models on the same images: counts, and the images on which their verdicts differ.
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get, imageUrl } from "./api.js";
import { imageParameters } from "./card.js";
import { decisionButtons, decisionKeys } from "./decision-buttons.js";
import { decisions } from "./decisions.js";
import { choice, fieldChanged, timeField } from "./filters.js";
import { count, decisionOf, score, short, utc, verdictOf, verdicts } from "./format.js";
import { defaultOpacity } from "./heat.js";
import { Keys, type Key } from "./keys.js";
import { prefetch } from "./loaded.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";
import { zoomKeys, type ZoomPhoto } from "./photo.js";
import { store } from "./store.js";
import { whole, type Zoom } from "./zoom.js";
import type { Decision, Row, Session } from "./types.js";
import "./model-photo.js";

interface Flip {
    a: Row;
    b: Row;
    difference: number;
}

interface Comparison {
    a: string;
    b: string;
    both: number;
    same: number;
    aOnly: number;
    bOnly: number;
    flips: Flip[];
    /** Whether there were too many results to look through. */
    truncated: boolean;
}

const top = 100; // differences that are listed

@customElement("compare-models")
export class CompareModels extends Part {
    @property({ attribute: false }) session!: Session;
    @state() private data?: Comparison;
    @state() private error = "";
    @state() private zoom: Zoom = whole;
    @state() private opacity = defaultOpacity;
    private asked = "";
    private shown?: Flip;

    constructor() {
        super();
        new Keys(this, this.keys());
    }

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.requestUpdate());
        this.listen(decisions, "change", () => this.requestUpdate());
    }

    override willUpdate() {
        if (address.view !== "compare") return;
        const { a, b } = this.models;
        const { camera, from, to } = address.parameters;
        const query = { a, b, camera, from, to, top: String(top) };
        const asked = JSON.stringify(query);
        if (a && b && asked !== this.asked) {
            this.asked = asked;
            void this.load(query);
        }
        const flip = this.flips[this.at];
        if (flip !== this.shown) this.show(flip);
    }

    override render() {
        const { cameras, models } = this.session;
        const { a, b } = this.models;
        return html`<div class="tool wide-tool">
            <h1>Compare two models</h1>
            <form class="controls" aria-label="What to compare" @change=${fieldChanged} @submit=${(event: Event) => event.preventDefault()}>
                ${choice("Model A", "a", models, a ? "" : "Choose", a)} ${choice("Model B", "b", models, b ? "" : "Choose", b)}
                ${choice("Camera", "camera", cameras, "All cameras")} ${timeField("From", "from")} ${timeField("Up to", "to")}
            </form>
            ${notice(this.error, () => this.again())}
            ${this.data ? this.content(this.data) : this.waiting(a, b)}
        </div>`;
    }

    private waiting(a?: string, b?: string) {
        if (a && b) return html`<div class="pair-photos" aria-busy="true"></div>`;
        return html`<p class="muted">Choose two models. Images that both have scored are compared; a rescore job scores them again.</p>`;
    }

    private content(data: Comparison) {
        const flip = this.flips[this.at];
        return html`
            <dl class="figures">
                ${figure("Scored by both", data.both)} ${figure("Same verdict", data.same)} ${figure("Anomalous in A only", data.aOnly)}
                ${figure("Anomalous in B only", data.bOnly)}
            </dl>
            ${data.truncated ? html`<p class="muted">Too many results: only the newest were compared. Choose less time.</p>` : nothing}
            ${flip ? this.flipped(data, flip) : html`<p class="muted">The models agree on all images that both have scored.</p>`}
        `;
    }

    private flipped(data: Comparison, flip: Flip) {
        return html`<div class="flips">
            <section aria-label="Different verdicts">
                <h2>Different verdicts, largest difference first</h2>
                <ol>
                    ${data.flips.map(
                        (each, i) => html`<li>
                            <a href=${this.href(each)} aria-current=${each === flip ? "true" : nothing} title=${utc(each.a.imageTime)}>
                                <img alt="" loading="lazy" src=${imageUrl(each.a, 320)} />
                                <span>
                                    <strong class="number">${signed(each.difference)}</strong>
                                    A ${verdicts[verdictOf(each.a)].icon} ${score(each.a.score)} · B ${verdicts[verdictOf(each.b)].icon}
                                    ${score(each.b.score)}
                                    <br /><span class="muted">${i + 1}. ${each.a.camera} · ${short(each.a.imageTime)}</span>
                                </span>
                            </a>
                        </li>`,
                    )}
                </ol>
                ${data.flips.length === top
                    ? html`<p class="muted">The ${top} largest differences are shown. Choose less time, or one camera, for others.</p>`
                    : nothing}
            </section>
            <section aria-label="The image in both models">
                <div class="pair-photos" @zoom=${(event: CustomEvent<Zoom>) => (this.zoom = event.detail)}>
                    ${[flip.a, flip.b].map(
                        (row, i) =>
                            html`<model-photo .name=${"AB"[i]!} .row=${row} .opacity=${this.opacity} .zoom=${this.zoom}></model-photo>`,
                    )}
                </div>
                <div class="actions" role="group" aria-label="Decide">
                    ${decisionButtons((verdict) => this.decide(verdict), decisionOf(store.freshen(flip.a)))}
                    <button type="button" ?disabled=${!decisions.canUndo} @click=${() => decisions.undo()}>Undo <kbd>U</kbd></button>
                    <a class="button" href=${address.href("image", { ...imageParameters(flip.a), model: flip.a.model })}>Open the image</a>
                    <label class="opacity">
                        Heat
                        <input
                            type="range"
                            min="0"
                            max="1"
                            step="0.01"
                            .value=${String(this.opacity)}
                            @input=${(event: Event) => (this.opacity = Number((event.target as HTMLInputElement).value))}
                        />
                    </label>
                </div>
            </section>
        </div>`;
    }

    private get models() {
        const { live, models } = this.session;
        const a = address.get("a") ?? live;
        return { a, b: address.get("b") ?? models.find((model) => model !== a) };
    }

    private get flips() {
        return this.data?.flips ?? [];
    }

    private get at() {
        const cursor = address.get("flip");
        return Math.max(
            0,
            this.flips.findIndex((flip) => flip.a.cursor === cursor),
        );
    }

    private href(flip: Flip) {
        return address.href("compare", { ...address.parameters, flip: flip.a.cursor });
    }

    private async load(query: Record<string, string | undefined>) {
        const asked = this.asked;
        try {
            const data = await get<Comparison>("compare", query);
            if (asked !== this.asked) return;
            this.data = data;
            this.error = "";
        } catch (error) {
            if (asked === this.asked) this.error = (error as Error).message;
        }
    }

    private again() {
        this.asked = "";
        this.requestUpdate();
    }

    private show(flip: Flip | undefined) {
        this.shown = flip;
        this.zoom = whole;
        if (!flip) return;
        const next = this.flips[this.flips.indexOf(flip) + 1];
        if (next) [next.a, next.b].forEach(prefetch);
    }

    private step(by: number) {
        const flip = this.flips[this.at + by];
        if (flip) address.set({ flip: flip.a.cursor }, true);
        void this.updateComplete.then(() => this.querySelector(".flips [aria-current]")?.scrollIntoView({ block: "nearest" }));
    }

    private decide(verdict: Decision) {
        const flip = this.flips[this.at];
        if (!flip) return;
        decisions.decide([flip.a], verdict);
        this.step(1);
    }

    private keys(): Key[] {
        const key = (keys: string[], what: string, run: () => void): Key => ({ keys, what, run });
        return [
            ...decisionKeys((verdict) => this.decide(verdict), ", and the next image"),
            key(["u"], "Undo the last decision, up to 50", () => void decisions.undo()),
            key(["j", "ArrowDown"], "Next difference", () => this.step(1)),
            key(["k", "ArrowUp"], "Previous difference", () => this.step(-1)),
            ...zoomKeys(() => this.querySelector<ZoomPhoto>("zoom-photo"), (zoom) => (this.zoom = zoom)),
            key(["h"], "Heat on or off", () => (this.opacity = this.opacity > 0 ? 0 : defaultOpacity)),
        ];
    }
}

const signed = (value: number) => `${value > 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;

function figure(name: string, value: number) {
    return html`<div>
        <dt>${name}</dt>
        <dd class="number">${count(value)}</dd>
    </div>`;
}
