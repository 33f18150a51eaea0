import { html, nothing } from "lit";

/** What went wrong, and the way to ask again; nothing where all is well. */
export function notice(error: string, again?: () => void) {
    if (!error) return nothing;
    return html`<div class="notice" role="alert">
        ${error} ${again ? html`<button type="button" @click=${again}>Try again</button>` : nothing}
    </div>`;
}
