import { html, nothing } from "lit";
import { decisions } from "./format.js";
import type { Key } from "./keys.js";
import type { Decision } from "./types.js";

const verdicts = ["fine", "defect", "unsure"] as const;

/** The keys of the three verdicts. */
export const decisionKeys = (decide: (verdict: Decision) => void, then = ""): Key[] =>
    verdicts.map((verdict) => ({ keys: [decisions[verdict].key], what: decisions[verdict].word + then, run: () => decide(verdict) }));

/** The three verdicts of a person, with their keys. */
export function decisionButtons(decide: (verdict: Decision) => void, chosen?: Decision, disabled = false) {
    return verdicts.map((verdict) => {
        const { icon, word, key } = decisions[verdict];
        return html`<button
            type="button"
            class="decide ${verdict}"
            ?disabled=${disabled}
            aria-pressed=${chosen === undefined ? nothing : chosen === verdict}
            @click=${() => decide(verdict)}
        >
            <span aria-hidden="true">${icon}</span> ${word} <kbd>${key}</kbd>
        </button>`;
    });
}
