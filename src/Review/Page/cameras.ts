// Profiles of cameras: edited as fields, checked by the server as one types, saved after the difference was shown.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address } from "./address.js";
import { ApiError, get, write } from "./api.js";
import { changeList } from "./changes.js";
import { confirm } from "./dialog.js";
import { complain, say } from "./messages.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";
import { put, withoutDefaults, type Profile } from "./profile.js";
import { profileForm } from "./profile-form.js";
import type { Change, Changed, Polygon, Row } from "./types.js";
import "./mask.js";
import "./profile-history.js";

interface Camera {
    name: string;
    /** The entry that applies: the camera's own name, or a pattern; absent: the default profile. */
    key?: string;
    profile: Profile;
    newest?: Row;
}

interface Cameras {
    etag?: string;
    cameras: Camera[];
    patterns: { name: string; profile: Profile }[];
}

interface Check {
    errors: string[];
    changes: Change[];
}

const pause = 400; // ms without a key before the profile is checked

@customElement("camera-profiles")
export class CameraProfiles extends Part {
    @state() private data?: Cameras;
    @state() private draft?: Profile;
    @state() private check?: Check;
    @state() private error = "";
    private edited = ""; // name of the entry that the draft is for
    private timer = 0;
    private asked = 0;

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.follow());
        void this.load();
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        clearTimeout(this.timer);
    }

    override render() {
        const data = this.data;
        return html`<div class="tool">
            <h1>Camera profiles</h1>
            ${notice(this.error, () => this.load())}
            ${data ? this.content(data) : html`<div class="chart" aria-busy="true"></div>`}
        </div>`;
    }

    private content(data: Cameras) {
        const name = this.name;
        const entries = [...data.cameras, ...data.patterns].map((entry) => entry.name);
        return html`<div class="profiles">
            <section aria-label="Cameras" class="list">
                ${entries.map(
                    (entry) => html`<a href=${address.href("cameras", { camera: entry })} aria-current=${entry === name ? "true" : nothing}>
                        <strong>${entry}</strong><br /><span class="muted">${this.source(entry)}</span>
                    </a>`,
                )}
                <form class="field" @submit=${this.addEntry}>
                    <label for="entry" class="muted">Other camera or pattern (* stands for any characters)</label>
                    <div class="joined"><input id="entry" name="entry" required maxlength="200" /><button>Open</button></div>
                </form>
            </section>
            ${name && this.draft ? this.editor(name, this.draft) : html`<p class="muted">No camera has sent an image yet.</p>`}
            <profile-history .etag=${data.etag} @restored=${(event: CustomEvent<Change[]>) => this.saved(event.detail)}></profile-history>
        </div>`;
    }

    private source(entry: string) {
        if (entry.includes("*")) return "Pattern";
        const camera = this.data!.cameras.find((each) => each.name === entry);
        if (!camera) return "New";
        return camera.key === entry ? "Own profile" : camera.key ? `Uses ${camera.key}` : this.data!.etag ? "Skipped" : "Default profile";
    }

    private editor(name: string, draft: Profile) {
        const check = this.check;
        const dirty = (check?.changes.length ?? 0) > 0;
        const camera = this.camera(name);
        const borrowed = camera?.name === name && camera.key !== name;
        return html`<section aria-label="Profile of ${name}" class="editor">
            <h2>${name}</h2>
            ${borrowed
                ? html`<p class="muted">
                      This camera has no profile of its own:
                      ${camera.key
                          ? html`that of <strong>${camera.key}</strong> applies`
                          : this.data!.etag
                            ? "no entry matches it, so its images are skipped"
                            : "the default applies"}.
                      Saving gives it one.
                  </p>`
                : nothing}
            <mask-editor
                .polygons=${draft.ignore ?? []}
                .newest=${camera?.newest}
                @mask=${(event: CustomEvent<Polygon[]>) => this.change(put(draft, "ignore", event.detail))}
            ></mask-editor>
            <form aria-label="Fields" @submit=${(event: Event) => event.preventDefault()}>
                ${profileForm(draft, (changed) => this.change(changed))}
            </form>
            <div class="result" role="status" aria-live="polite">
                ${check?.errors.length
                    ? html`<div class="notice">
                          <strong>This profile cannot be saved:</strong>
                          <ul>
                              ${check.errors.map((error) => html`<li>${error}</li>`)}
                          </ul>
                      </div>`
                    : nothing}
                ${check && !check.errors.length && dirty ? html`<h2>Not saved yet</h2>${changeList(check.changes)}` : nothing}
            </div>
            <div class="buttons">
                <button type="button" class="primary" ?disabled=${!dirty || check!.errors.length > 0} @click=${this.save}>Save…</button>
                <button type="button" ?disabled=${!dirty} @click=${this.discard}>Discard changes</button>
                ${this.profileOf(name)
                    ? html`<button type="button" @click=${this.removeEntry}>Remove this entry…</button>`
                    : nothing}
            </div>
        </section>`;
    }

    private get name() {
        return address.get("camera") ?? this.data?.cameras[0]?.name ?? this.data?.patterns[0]?.name;
    }

    // The camera of this name, or the first one that a pattern applies to.
    private camera(name: string) {
        const { cameras } = this.data!;
        return cameras.find((camera) => camera.name === name) ?? cameras.find((camera) => camera.key === name);
    }

    // The entry of this name, if there is one.
    private profileOf(name: string) {
        const { cameras, patterns } = this.data!;
        return patterns.find((pattern) => pattern.name === name)?.profile ?? cameras.find((camera) => camera.key === name)?.profile;
    }

    private async load() {
        try {
            this.data = await get<Cameras>("cameras");
            this.error = "";
            this.edited = "";
            this.follow();
        } catch (error) {
            this.error = (error as Error).message;
        }
    }

    private follow() {
        if (address.view !== "cameras" || !this.data) return;
        const name = this.name;
        if (name && name !== this.edited) {
            this.edited = name;
            this.discard();
        }
        this.requestUpdate();
    }

    private discard() {
        const own = this.profileOf(this.edited);
        this.draft = own ?? this.camera(this.edited)?.profile ?? {};
        this.check = undefined;
        if (!own) void this.ask();
    }

    private change(profile: Profile) {
        this.draft = profile;
        clearTimeout(this.timer);
        this.timer = window.setTimeout(() => void this.ask(), pause);
    }

    private async ask() {
        const asked = ++this.asked;
        try {
            const check = await write<Check>("POST", "cameras/check", { camera: this.edited, profile: withoutDefaults(this.draft!) });
            if (asked === this.asked) this.check = check;
        } catch (error) {
            if (asked === this.asked) this.check = { errors: [(error as Error).message], changes: this.check?.changes ?? [] };
        }
        return this.check!;
    }

    private addEntry(event: Event) {
        event.preventDefault();
        const field = (event.target as HTMLFormElement).elements.namedItem("entry") as HTMLInputElement;
        address.set({ camera: field.value.trim() });
        field.value = "";
    }

    private async save() {
        const [camera, draft, etag] = [this.edited!, this.draft!, this.data!.etag];
        const { errors, changes } = await this.ask();
        if (errors.length > 0) return;
        const content = changeList(changes);
        if (await confirm(`Save the profile of ${camera}?`, content, "Save")) await this.store(camera, withoutDefaults(draft), etag);
    }

    private async removeEntry() {
        const [camera, etag] = [this.edited!, this.data!.etag];
        const check = await write<Check>("POST", "cameras/check", { camera, profile: null }).catch(
            (error: Error): Check => ({ errors: [error.message], changes: [] }),
        );
        if (check.errors.length > 0) return complain(check.errors.join(" "));
        if (await confirm(`Remove the profile of ${camera}?`, changeList(check.changes), "Remove")) await this.store(camera, null, etag);
    }

    // Another camera may be shown when it is tried again.
    private async store(camera: string, profile: Profile | null, etag: string | undefined) {
        try {
            const { changes } = await write<Changed>("PUT", "cameras", { camera, profile, etag });
            this.saved(changes);
        } catch (error) {
            const stale = error instanceof ApiError && error.status === 412;
            const again = { label: stale ? "Load again" : "Try again", run: () => (stale ? this.load() : this.store(camera, profile, etag)) };
            complain(`The profile of ${camera} was not saved: ${(error as Error).message}`, again);
        }
    }

    private saved(changes: Change[]) {
        say(changes.length === 1 ? "Saved: one change." : `Saved: ${changes.length} changes.`);
        void this.load();
    }
}
