// The page: header, navigation, and the view that the address names.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address, type Parameters, type View } from "./address.js";
import { get } from "./api.js";
import { decisions } from "./decisions.js";
import { Keys } from "./keys.js";
import { complain } from "./messages.js";
import { Part } from "./part.js";
import type { Session } from "./types.js";
import "./gallery.js";
import "./help.js";
import "./image.js";
import "./audit.js";
import "./cameras.js";
import "./compare.js";
import "./state.js";
import "./whatif.js";

// What the navigation shows; one image is reached from the results.
const titles: Partial<Record<View, string>> = {
    gallery: "Results",
    whatif: "Threshold",
    compare: "Compare",
    cameras: "Cameras",
    state: "State",
    audit: "Audit",
};

const pages: Record<View, (session: Session) => unknown> = {
    gallery: (session) => html`<result-gallery .session=${session}></result-gallery>`,
    image: () => html`<one-image></one-image>`,
    whatif: (session) => html`<what-if .session=${session}></what-if>`,
    compare: (session) => html`<compare-models .session=${session}></compare-models>`,
    cameras: () => html`<camera-profiles></camera-profiles>`,
    state: () => html`<state-board></state-board>`,
    audit: () => html`<audit-log></audit-log>`,
};

@customElement("review-app")
export class ReviewApp extends Part {
    @state() private session: Session = { who: "", models: [], cameras: [], classes: [] };
    private shown = "";

    constructor() {
        super();
        new Keys(this, [{ keys: ["?"], what: "Show or hide this help", run: () => document.querySelector("help-dialog")!.open() }]);
    }

    override connectedCallback() {
        this.replaceChildren(); // the page's first paint, from index.html
        super.connectedCallback();
        this.listen(address, "change", () => this.requestUpdate());
        void this.load();
    }

    override render() {
        const view = address.view;
        return html`
            <a class="skip" href="#main">Skip to content</a>
            <header>
                <a class="brand" href="/"><span aria-hidden="true">◈</span> AaClip <span class="wide">review</span></a>
                <nav aria-label="Views">
                    ${Object.entries(titles).map(
                        ([name, title]) =>
                            html`<a href=${address.href(name as View, this.kept(name as View))} aria-current=${
                                name === view || (name === "gallery" && view === "image") ? "page" : nothing
                            }>${title}</a>`,
                    )}
                </nav>
                <span class="who wide" title="Your decisions are stored with this name">${this.session.who}</span>
                <button type="button" class="icon" aria-label="Help and keys" @click=${() => document.querySelector("help-dialog")!.open()}>
                    ?
                </button>
            </header>
            <main id="main" tabindex="-1">${pages[view](this.session)}</main>
            <page-messages></page-messages>
            <help-dialog></help-dialog>
        `;
    }

    override updated() {
        const view = address.view;
        document.title = `${titles[view] ?? "Image"} · AaClip review`;
        this.querySelector("nav [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
        if (this.shown && this.shown !== view) this.querySelector<HTMLElement>("main")!.focus({ preventScroll: true });
        this.shown = view;
    }

    // From view to view goes what both understand.
    private kept(view: View): Parameters {
        if (view === "gallery" && address.view === "image") return address.filter;
        const { camera, from, to } = address.parameters;
        return view === "state" ? {} : { camera: camera?.includes("*") ? undefined : camera, from, to };
    }

    private async load() {
        try {
            this.session = await get<Session>("session");
            decisions.who = this.session.who;
        } catch (error) {
            complain(`Cameras and models could not be loaded: ${(error as Error).message}`, { label: "Try again", run: () => this.load() });
        }
    }
}
