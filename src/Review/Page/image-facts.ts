// The panel beside the photo: scores, heat, models, note, history, document.
import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { keyed } from "lit/directives/keyed.js";
import { decisionOf, decisions, generated, isGenerated, score, time, verdictOf, verdicts } from "./format.js";
import { legend } from "./heat.js";
import type { Heat } from "./loaded.js";
import { store, versionOf } from "./store.js";
import type { HeatMap, Palette, ResultDocument, Review, Row, Versions } from "./types.js";

export interface Facts {
    row: Row;
    heat?: Heat;
    document?: ResultDocument;
    all?: Versions;
    opacity: number;
    marks: boolean;
    setOpacity: (opacity: number) => void;
    keepOpacity: () => void;
    toggleMarks: () => void;
    showModel: (model: string) => void;
    saveNote: () => void;
    /** How many defect areas are drawn. */
    areas: number;
    beside: boolean;
    addArea: () => void;
    takeRegions: () => void;
    removeAreas: () => void;
    toggleBeside: () => void;
}

const valueOf = (event: Event) => (event.target as HTMLInputElement).value;

export function facts(facts: Facts) {
    const { row, all, document } = facts;
    const verdict = verdicts[verdictOf(row)];
    const mine = decisionOf(row);
    return html`
        <div class="head">
            <h1 class=${verdictOf(row)}><span aria-hidden="true">${verdict.icon}</span> ${verdict.word} ${score(row.score)}</h1>
            <span class="decided ${mine} ${store.unsaved.has(versionOf(row)) ? "saving" : ""}">
                ${decisions[mine].word}
            </span>
        </div>
        ${document?.failure ? html`<p>${document.failure.message} (${document.failure.code})</p>` : nothing}
        <dl class="facts">
            <dt>Image</dt>
            <dd class="name">${row.image}</dd>
            <dt>Taken</dt>
            <dd>${time(row.imageTime)}</dd>
            ${row.part ? html`<dt>Part</dt><dd>${row.part}</dd>` : nothing}
            <dt>Class</dt>
            <dd>${row.class ?? "–"}</dd>
            ${row.first ? html`<dt>Settled by</dt><dd class="name">${row.first}</dd>` : nothing}
            ${row.raw === undefined
                ? nothing
                : html`<dt>Raw score</dt>
                      <dd class="number">${score(row.raw, 3)} (threshold ${score(row.threshold, 3)})</dd>`}
            ${row.generated ? checked(row, document) : nothing}
        </dl>
        ${facts.heat ? heatControls(facts, facts.heat) : nothing}
        <div class="head">
            <h2>Models</h2>
            ${(all?.results.length ?? 0) > 1
                ? html`<button type="button" aria-pressed=${facts.beside} @click=${facts.toggleBeside}>
                      Side by side <kbd>S</kbd>
                  </button>`
                : nothing}
        </div>
        <div class="models" role="group" aria-label="Models that scored this image">
            ${(all?.results ?? [row]).map((other, i) => modelButton(other, i, row, facts))}
        </div>
        <h2><label for="note">Note</label></h2>
        ${keyed(
            versionOf(row),
            html`<textarea
                id="note"
                rows="2"
                maxlength="2000"
                .value=${row.review?.note ?? ""}
                @keydown=${(event: KeyboardEvent) => noteKey(event, facts)}
            ></textarea>`,
        )}
        <h2>Defect areas <span class="muted">${facts.areas || "none"}</span></h2>
        <div class="buttons">
            <button type="button" @click=${facts.addArea}>Add <kbd>M</kbd></button>
            ${document?.regions?.length ? html`<button type="button" @click=${facts.takeRegions}>Take the model's</button>` : nothing}
            ${facts.areas ? html`<button type="button" @click=${facts.removeAreas}>Remove all</button>` : nothing}
        </div>
        <p class="muted hint">Drag corners, press on an edge to add one; or arrow keys, Enter and Delete.</p>
        <div class="buttons">
            <button type="button" @click=${facts.saveNote}>Save note and areas</button>
            <span class="muted">Also saved when you decide.</span>
        </div>
        <h2>Decisions</h2>
        ${historyOf(facts)}
        <details>
            <summary>Result document</summary>
            <pre tabindex="0" aria-label="Result document">${guard([document], () => text(document))}</pre>
        </details>
    `;
}

// What the camera's check for generated pictures says; threshold, p value and its name are in the document alone.
function checked(row: Row, document?: ResultDocument) {
    const part = document?.generated;
    const mark = isGenerated(row) ? html`<strong>${generated.icon} Flagged,</strong> probability` : "Not flagged, probability";
    const p = part?.pValue === undefined ? "" : `, p ≤ ${score(part.pValue, 3)}`;
    return html`<dt>Generated</dt>
        <dd class="number" title=${part?.model ?? nothing}>
            ${mark} ${score(row.generatedProbability, 3)}${part ? ` (threshold ${score(part.threshold, 3)}${p})` : ""}
        </dd>`;
}

const text = (document?: ResultDocument) => (document ? JSON.stringify(document, null, 2) : "Loading…");

function noteKey(event: KeyboardEvent, facts: Facts) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) facts.saveNote();
    else if (event.key === "Escape") (event.target as HTMLElement).blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
}

function heatControls(facts: Facts, { map, palette }: Heat) {
    return html`<h2>Heat</h2>
        <label class="field">
            <span>Opacity: ${Math.round(100 * facts.opacity)} %</span>
            <input
                type="range"
                min="0"
                max="1"
                step="0.01"
                .value=${String(facts.opacity)}
                @input=${(event: Event) => facts.setOpacity(Number(valueOf(event)))}
                @change=${facts.keepOpacity}
            />
        </label>
        ${scale(map, palette)}
        <label class="check">
            <input type="checkbox" .checked=${facts.marks} @change=${facts.toggleMarks} />
            Contour (level ${map.level.toFixed(3)}) and regions
        </label>`;
}

const legends = new WeakMap<Palette, HTMLCanvasElement>();

function scale(map: HeatMap, palette: Palette) {
    const picture = legends.get(palette) ?? legend(palette);
    legends.set(palette, picture);
    return html`<div class="legend" role="img" aria-label=${`Colours from ${map.low} over the threshold ${map.threshold} to ${map.high}`}>
        ${picture}
        <span>${map.low.toFixed(2)}</span><span>threshold ${map.threshold.toFixed(3)}</span><span>${map.high.toFixed(2)}</span>
    </div>`;
}

function modelButton(other: Row, i: number, row: Row, facts: Facts) {
    const verdict = verdicts[verdictOf(other)];
    return html`<button type="button" aria-pressed=${other.model === row.model} @click=${() => facts.showModel(other.model)}>
        <span class="name">${other.model}</span>
        <span class="number">${verdict.icon} ${verdict.word} ${score(other.score)}</span>
        ${i < 2 ? html`<kbd>${"AB"[i]}</kbd>` : nothing}
    </button>`;
}

function historyOf({ row, all }: Facts) {
    const known = all?.reviews ?? [];
    const newest = row.review;
    const reviews: Review[] = newest && !known.some((review) => review.id === newest.id) ? [newest, ...known] : known;
    if (reviews.length === 0) return html`<p class="muted">Nobody has decided on this image yet.</p>`;
    return html`<ol class="history">
        ${reviews.map(
            (review) => html`<li>
                <span class="decided ${review.verdict}">
                    ${review.verdict === "none" ? "Taken back" : decisions[review.verdict].word}
                </span>
                <span>${review.who ?? ""}</span> <span class="muted">${time(review.at)}</span>
                ${review.note ? html`<p>${review.note}</p>` : nothing}
            </li>`,
        )}
    </ol>`;
}
