// What another threshold would have done: scores split by people's verdict, alarms, missed defects, false alarms.
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get, write } from "./api.js";
import { upperBound } from "./bounds.js";
import { changeList } from "./changes.js";
import { confirm } from "./dialog.js";
import { choice, fieldChanged, timeField } from "./filters.js";
import { count, decisions, many, percent } from "./format.js";
import { complain, say } from "./messages.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";
import type { Change, Changed, Session } from "./types.js";
import type { Layer } from "./histogram.js";
import "./histogram.js";

interface WhatIf {
    model?: string;
    camera: string;
    days: number;
    bins: number;
    undecided: number[];
    fine: number[];
    defect: number[];
    unsure: number[];
    failed: number;
    threshold?: number;
    profileETag?: string;
    mixed: boolean;
}

const sum = (counts: number[], from = 0, to = counts.length) => {
    let total = 0;
    for (let i = from; i < to; i++) total += counts[i]!;
    return total;
};

/** What a threshold at a bin's lower edge would have done. */
export function outcome(data: WhatIf, threshold: number) {
    const from = Math.round(threshold * data.bins);
    const above = (counts: number[]) => sum(counts, from);
    const alarms = above(data.undecided) + above(data.fine) + above(data.defect) + above(data.unsure);
    const [fine, defects] = [sum(data.fine), sum(data.defect)];
    const falseAlarms = above(data.fine);
    const missed = sum(data.defect, 0, from);
    return {
        ...{ alarms, fine, defects, falseAlarms, missed },
        aDay: data.days > 0 ? alarms / data.days : 0,
        falseBound: upperBound(falseAlarms, fine),
        missedBound: upperBound(missed, defects),
    };
}

@customElement("what-if")
export class WhatIfView extends Part {
    @property({ attribute: false }) session!: Session;
    @state() private data?: WhatIf;
    @state() private layers: Layer[] = [];
    @state() private threshold = 0.5;
    @state() private stretched = true;
    @state() private error = "";
    @state() private applied?: Change[];
    private asked = "";
    private wanted?: string; // the threshold in the address

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.requestUpdate());
    }

    override willUpdate() {
        this.follow();
    }

    override render() {
        const { cameras, models, live } = this.session;
        return html`<div class="tool">
            <h1>Threshold: what if?</h1>
            <form class="controls" aria-label="Which results" @change=${fieldChanged} @submit=${(event: Event) => event.preventDefault()}>
                ${choice("Camera", "camera", cameras, "", this.camera)}
                ${choice("Model", "model", models, live ? `Live: ${live}` : "Live model")}
                ${timeField("From", "from")} ${timeField("Up to", "to")}
            </form>
            ${notice(this.error, () => this.again())}
            ${this.data ? this.content(this.data) : html`<div class="chart" aria-busy=${this.camera !== undefined}></div>`}
        </div>`;
    }

    private content(data: WhatIf) {
        const now = outcome(data, this.threshold);
        const before = data.threshold === undefined ? undefined : outcome(data, data.threshold);
        const step = 1 / data.bins;
        return html`
            <ul class="layers" aria-label="Colours">
                ${this.layers.map(
                    ({ name, color, counts }) => html`<li><i style="background: var(${color})"></i> ${name}: ${count(sum(counts))}</li>`,
                )}
                <li class="muted">Failed, without a score: ${count(data.failed)}</li>
            </ul>
            <score-histogram
                class="chart"
                .layers=${this.layers}
                .threshold=${this.threshold}
                .present=${data.threshold}
                ?stretched=${this.stretched}
                @drag=${(event: CustomEvent<number>) => this.put(event.detail)}
                @put=${(event: CustomEvent<number>) => (this.put(event.detail), this.keep())}
            ></score-histogram>
            <div class="threshold">
                <label class="field">
                    <span>Threshold (raw score)</span>
                    <input
                        type="range"
                        min=${step}
                        max=${1 - step}
                        step=${step}
                        .value=${String(this.threshold)}
                        aria-valuetext=${`${this.threshold.toFixed(3)}: ${now.aDay.toFixed(1)} alarms a day`}
                        @input=${(event: Event) => this.put(Number((event.target as HTMLInputElement).value))}
                        @change=${this.keep}
                    />
                </label>
                <output class="number">${this.threshold.toFixed(3)}</output>
                <button type="button" ?disabled=${data.threshold === undefined} @click=${() => (this.put(data.threshold!), this.keep())}>
                    In force: ${data.threshold?.toFixed(3) ?? "package"}
                </button>
                <label class="check">
                    <input type="checkbox" .checked=${this.stretched} @change=${() => (this.stretched = !this.stretched)} />
                    Show small counts larger
                </label>
            </div>
            <dl class="figures">
                ${figure(
                    "Alarms a day",
                    now.aDay.toFixed(1),
                    `${count(now.alarms)} in ${many(data.days, "day")} with images`,
                    before?.aDay.toFixed(1),
                )}
                ${figure(
                    "Missed defects",
                    `${count(now.missed)} of ${count(now.defects)}`,
                    now.defects ? `at most ${percent(now.missedBound)} of defects` : "nobody has marked a defect",
                    before && count(before.missed),
                )}
                ${figure(
                    "False alarms",
                    `${count(now.falseAlarms)} of ${count(now.fine)}`,
                    now.fine ? `at most ${percent(now.falseBound)} of fine images` : "nobody has marked a fine image",
                    before && count(before.falseAlarms),
                )}
            </dl>
            <p class="muted">
                "At most": the one-sided upper bound of Clopper and Pearson at 95 %, of images on which people decided. Scores are counted
                in ${data.bins} bins.
                ${data.mixed ? html`<strong>Several thresholds were in force in this time.</strong>` : nothing}
            </p>
            <div class="buttons">
                <button type="button" class="primary" ?disabled=${this.threshold === data.threshold} @click=${this.apply}>Apply…</button>
            </div>
            ${this.applied ? html`<div class="applied" role="status"><h2>Changed</h2>${changeList(this.applied)}</div>` : nothing}
        `;
    }

    private get camera() {
        return address.get("camera") ?? this.session.cameras[0];
    }

    private follow() {
        if (address.view !== "whatif" || !this.camera) return;
        const { model, from, to, t } = address.parameters;
        const query = { camera: this.camera, model, from, to };
        if (t !== this.wanted) {
            this.wanted = t;
            this.threshold = Number(t) > 0 && Number(t) < 1 ? Number(t) : (this.data?.threshold ?? 0.5);
        }
        const asked = JSON.stringify(query);
        if (asked === this.asked) return;
        // The figures of another camera say nothing of this one, and its threshold does not go with it.
        if (this.data && this.data.camera !== this.camera) {
            this.data = undefined;
            this.wanted = undefined;
            address.set({ t: undefined }, true);
        }
        this.asked = asked;
        this.applied = undefined;
        void this.load(query);
    }

    private async load(query: Record<string, string | undefined>) {
        const asked = this.asked;
        try {
            const data = await get<WhatIf>("whatif", query);
            if (asked !== this.asked) return;
            this.show(data);
            if (!address.get("t")) this.threshold = data.threshold ?? 0.5;
        } catch (error) {
            if (asked === this.asked) this.error = (error as Error).message;
        }
    }

    private show(data: WhatIf) {
        this.data = data;
        this.error = "";
        this.layers = [
            { name: decisions.defect.word, color: "--defect", counts: data.defect },
            { name: decisions.unsure.word, color: "--unsure", counts: data.unsure },
            { name: decisions.fine.word, color: "--fine", counts: data.fine },
            { name: decisions.none.word, color: "--undecided", counts: data.undecided },
        ];
    }

    private again() {
        this.asked = "";
        this.requestUpdate();
    }

    // The nearest edge of a bin, or the threshold in force.
    private put(value: number) {
        const bins = this.data!.bins;
        const present = this.data!.threshold;
        this.threshold = value === present ? value : Math.min(bins - 1, Math.max(1, Math.round(value * bins))) / bins;
    }

    private keep() {
        address.set({ t: this.threshold === this.data?.threshold ? undefined : String(this.threshold) }, true);
    }

    private async apply() {
        const { camera, threshold: before, profileETag: etag } = this.data!;
        const [then, now] = [outcome(this.data!, before ?? 0.5), outcome(this.data!, this.threshold)];
        const content = html`<p>The profile of camera <strong>${camera}</strong> changes. It takes effect within seconds, on new images.</p>
            ${changeList([{ path: "threshold", before, after: this.threshold }])}
            <p>
                On the images shown here, alarms a day go from ${then.aDay.toFixed(1)} to ${now.aDay.toFixed(1)}, missed defects from
                ${count(then.missed)} to ${count(now.missed)}, false alarms from ${count(then.falseAlarms)} to ${count(now.falseAlarms)}.
            </p>`;
        if (!(await confirm("Apply this threshold?", content, "Apply"))) return;
        try {
            const { changes } = await write<Changed>("POST", "cameras/threshold", { camera, threshold: this.threshold, etag });
            this.applied = changes;
            say(`The threshold of ${camera} is ${this.threshold.toFixed(3)} now.`);
        } catch (error) {
            complain(`The threshold was not changed: ${(error as Error).message}`, { label: "Load again", run: () => this.again() });
            return;
        }
        await this.load(JSON.parse(this.asked));
        this.keep();
    }
}

function figure(name: string, value: string, more: string, before: string | undefined) {
    return html`<div>
        <dt>${name}</dt>
        <dd class="number">${value}</dd>
        <dd class="muted">${more}${before === undefined ? "" : `; in force: ${before}`}</dd>
    </div>`;
}
