// Open alerts of all cameras: acknowledge and close, with why.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get, write } from "./api.js";
import { confirm } from "./dialog.js";
import { count, score, time } from "./format.js";
import { complain, say } from "./messages.js";
import { Part } from "./part.js";

interface Mark {
    by: string;
    note?: string;
    at: string;
}

interface Alert {
    camera: string;
    alertId: string;
    severity: string;
    openedAt: string;
    images: number;
    score: number;
    image: string;
    objectClass: string;
    acknowledged?: Mark;
}

const interval = 5000; // ms

@customElement("open-alerts")
export class OpenAlerts extends Part {
    @state() private alerts?: Alert[];
    @state() private error = "";
    private timer = 0;

    override connectedCallback() {
        super.connectedCallback();
        void this.load();
    }

    override disconnectedCallback() {
        super.disconnectedCallback();
        clearTimeout(this.timer);
    }

    override render() {
        return html`<h2 id="alerts">Open alerts</h2>
            ${this.error ? html`<div class="notice" role="alert">${this.error}</div>` : nothing}
            ${this.alerts === undefined ? nothing : this.alerts.length === 0 ? html`<p class="muted">No alert is open.</p>` : this.table()}`;
    }

    private table() {
        return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="alerts">
            <table>
                <thead>
                    <tr>
                        <th scope="col">Camera</th>
                        <th scope="col">Severity</th>
                        <th scope="col">Opened</th>
                        <th scope="col">Images</th>
                        <th scope="col">Highest score</th>
                        <th scope="col">Decision</th>
                    </tr>
                </thead>
                <tbody>
                    ${this.alerts!.map(
                        (alert) => html`<tr>
                            <th scope="row"><a href=${address.href("gallery", { camera: alert.camera, verdict: "anomalous" })}>${alert.camera}</a></th>
                            <td><span class="sign bad">▲ ${alert.severity}</span></td>
                            <td>${time(alert.openedAt)}</td>
                            <td class="number">${count(alert.images)}</td>
                            <td class="number">${score(alert.score)}</td>
                            <td>${this.decision(alert)}</td>
                        </tr>`,
                    )}
                </tbody>
            </table>
        </div>`;
    }

    private decision(alert: Alert) {
        const { acknowledged: mark } = alert;
        return html`<div class="buttons">
            ${mark
                ? html`<span>Acknowledged by ${mark.by}, ${time(mark.at)}${mark.note ? `: ${mark.note}` : ""}</span>`
                : html`<button type="button" aria-label="Acknowledge the alert of ${alert.camera}" @click=${() => this.decide(alert, "acknowledge")}>
                      Acknowledge
                  </button>`}
            <button type="button" aria-label="Close the alert of ${alert.camera}" @click=${() => this.decide(alert, "close")}>Close…</button>
        </div>`;
    }

    private async decide(alert: Alert, action: "acknowledge" | "close") {
        let note: string | undefined;
        if (action === "close") {
            const field = document.createElement("textarea");
            field.id = "close-note";
            field.required = true;
            field.maxLength = 2000;
            const content = html`<p>The subscribers are told that it is closed, by whom and why.</p>
                <label for="close-note">Why it is closed</label>${field}`;
            if (!(await confirm(`Close the alert of ${alert.camera}`, content, "Close the alert"))) return;
            note = field.value.trim();
            if (!note) return void complain("The alert stays open: say why it is closed.");
        }
        try {
            await write("POST", `alerts/${action}`, { camera: alert.camera, alertId: alert.alertId, note });
            say(action === "close" ? `The alert of ${alert.camera} is closed.` : `The alert of ${alert.camera} is acknowledged.`);
        } catch (error) {
            complain((error as Error).message);
        }
        await this.load();
    }

    private async load() {
        clearTimeout(this.timer);
        if (!document.hidden)
            try {
                this.alerts = (await get<{ alerts: Alert[] }>("alerts")).alerts;
                this.error = "";
            } catch (error) {
                this.error = (error as Error).message;
            }
        if (this.isConnected) this.timer = window.setTimeout(() => void this.load(), interval);
    }
}
