import { html, nothing } from "lit";
import { decisions } from "./format.js";
import type { Decision } from "./types.js";

/** The three verdicts of a person, with their keys. */
export function decisionButtons(decide: (verdict: Decision) => void, chosen?: Decision, disabled = false) {
    return (["fine", "defect", "unsure"] as const).map((verdict) => {
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
