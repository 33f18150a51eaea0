// Who decided, changed or promoted what, and when.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get } from "./api.js";
import { fieldChanged, timeField } from "./filters.js";
import { time } from "./format.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";

interface AuditEvent {
    at: string;
    who?: string;
    kind: string;
    what: string;
    camera?: string;
    image?: string;
    cursor?: string;
}

const top = 500;
const kinds: Record<string, string> = { review: "◆ Decision", profile: "⚙ Profile", model: "⬢ Model" };

@customElement("audit-log")
export class AuditLog extends Part {
    @state() private events?: AuditEvent[];
    @state() private error = "";
    private asked = "";

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.follow());
        this.follow();
    }

    override render() {
        return html`<div class="tool">
            <h1>Audit</h1>
            <form class="controls" aria-label="Time" @change=${fieldChanged} @submit=${(event: Event) => event.preventDefault()}>
                ${timeField("From", "from")} ${timeField("Up to", "to")}
                <div class="buttons"><button type="button" @click=${() => address.go("audit")}>Newest</button></div>
            </form>
            ${notice(this.error)}
            ${this.events ? this.table(this.events) : html`<div class="chart" aria-busy="true"></div>`}
        </div>`;
    }

    private table(events: AuditEvent[]) {
        if (events.length === 0) return html`<p class="muted">Nothing happened in this time.</p>`;
        return html`<div class="scroll" tabindex="0" role="region" aria-label="Events, newest first">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">When</th>
                            <th scope="col">Who</th>
                            <th scope="col">Kind</th>
                            <th scope="col">What</th>
                        </tr>
                    </thead>
                    <tbody>
                        ${events.map(
                            (event) => html`<tr>
                                <td>${time(event.at)}</td>
                                <td>${event.who ?? "–"}</td>
                                <td class="kind">${kinds[event.kind] ?? event.kind}</td>
                                <td class="name">${this.what(event)}</td>
                            </tr>`,
                        )}
                    </tbody>
                </table>
            </div>
            ${events.length === top ? html`<p class="muted">The newest ${top} are shown. Set "Up to" for older ones.</p>` : nothing}`;
    }

    private what({ what, camera, image, cursor }: AuditEvent) {
        return camera && cursor ? html`<a href=${address.href("image", { camera, cursor })}>${image}</a> ${what}` : what;
    }

    private follow() {
        if (address.view !== "audit") return;
        const { from, to } = address.parameters;
        const asked = `${from}|${to}`;
        if (asked !== this.asked) {
            this.asked = asked;
            void this.load({ from, to, top });
        }
        this.requestUpdate();
    }

    private async load(query: Record<string, string | number | undefined>) {
        const asked = this.asked;
        try {
            const { events } = await get<{ events: AuditEvent[] }>("audit", query);
            if (asked !== this.asked) return;
            this.events = events;
            this.error = "";
        } catch (error) {
            if (asked === this.asked) this.error = (error as Error).message;
        }
    }
}
