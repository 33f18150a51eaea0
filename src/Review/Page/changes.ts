import { html } from "lit";
import type { Change } from "./types.js";

const text = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));

/** What changed, or will: path, before, after. */
export function changeList(changes: Change[]) {
    if (changes.length === 0) return html`<p class="muted">Nothing changes.</p>`;
    return html`<ul class="changes">
        ${changes.map(
            ({ path, before, after }) => html`<li>
                <code>${path}</code>
                <span><del>${text(before)}</del> → <ins>${text(after)}</ins></span>
            </li>`,
        )}
    </ul>`;
}
