import { html } from "lit";
import { address } from "./address.js";
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

/** Said where there are no profiles: all cameras have the default one; once one is saved, those without are skipped. */
export const firstProfileNotice = () =>
    html`<p class="notice">
        There are no camera profiles yet, so all cameras are scored. As soon as one is saved, cameras without a profile are skipped.
        Save one for the pattern <a href=${address.href("cameras", { camera: "*" })}>*</a> first, which stands for all others.
    </p>`;
