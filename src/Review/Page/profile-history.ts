// The last versions of the camera profiles, each one click back.
import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { get, write } from "./api.js";
import { changeList } from "./changes.js";
import { confirm } from "./dialog.js";
import { local, time } from "./format.js";
import { complain } from "./messages.js";
import { Part } from "./part.js";
import type { Change, Changed } from "./types.js";

interface Version {
    id: string;
    at: string;
    who?: string;
    changes: Change[];
    current: boolean;
}

@customElement("profile-history")
export class ProfileHistory extends Part {
    /** ETag of the profiles; another one means that they changed. */
    @property({ attribute: false }) etag?: string;
    @state() private versions?: Version[];
    @state() private error = "";

    override willUpdate(changed: Map<PropertyKey, unknown>) {
        if (changed.has("etag") || !this.hasUpdated) void this.load();
    }

    override render() {
        return html`<section aria-label="Versions">
            <h2>Last versions</h2>
            ${this.error ? html`<p role="alert">${this.error}</p>` : nothing}
            ${this.versions?.length === 0 ? html`<p class="muted">The profiles were not changed here yet.</p>` : nothing}
            <ol class="history">
                ${this.versions?.map(
                    (version) => html`<li>
                        <div class="head">
                            <span>${time(version.at)} <span class="muted">${version.who ?? ""}</span></span>
                            ${version.current
                                ? html`<strong>In force</strong>`
                                : html`<button
                                      type="button"
                                      aria-label="Restore… the version of ${local(version.at)}"
                                      @click=${() => this.restore(version)}
                                  >
                                      Restore…
                                  </button>`}
                        </div>
                        ${changeList(version.changes)}
                    </li>`,
                )}
            </ol>
        </section>`;
    }

    private async load() {
        try {
            this.versions = (await get<{ versions: Version[] }>("cameras/history")).versions;
            this.error = "";
        } catch (error) {
            this.error = (error as Error).message;
        }
    }

    private async restore(version: Version) {
        const newer = this.versions!.slice(0, this.versions!.indexOf(version));
        const content = html`<p>The profiles of ${local(version.at)} come into force again. These changes are taken back:</p>
            ${changeList(newer.flatMap(({ changes }) => changes))}`;
        if (!(await confirm("Restore this version?", content, "Restore"))) return;
        try {
            const { changes } = await write<Changed>("POST", "cameras/restore", { id: version.id, etag: this.etag });
            this.dispatchEvent(new CustomEvent("restored", { detail: changes }));
        } catch (error) {
            complain(`The version was not restored: ${(error as Error).message}`);
        }
    }
}
