// Open alerts; people acknowledge and close them.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get, write } from "./api.js";
import { askNote } from "./dialog.js";
import { count, file, score, time } from "./format.js";
import { complain, say } from "./messages.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";

interface Alert {
    camera: string;
    alertId: string;
    severity: string;
    openedAt: string;
    images: number;
    score: number;
    image: string;
    acknowledged?: { by: string; note?: string; at: string };
}

@customElement("open-alerts")
export class OpenAlerts extends Part {
    @state() private alerts?: Alert[];
    @state() private error = "";

    override connectedCallback() {
        super.connectedCallback();
        void this.load();
    }

    override render() {
        return html`<h2 id="alerts">Open alerts</h2>
            ${notice(this.error)}
            ${this.alerts?.length === 0 ? html`<p class="muted">No alert is open.</p>` : nothing}
            ${this.alerts?.length ? this.table(this.alerts) : nothing}`;
    }

    /** Asks for the open alerts again. */
    async load() {
        try {
            this.alerts = (await get<{ alerts: Alert[] }>("alerts")).alerts;
            this.error = "";
        } catch (error) {
            this.error = (error as Error).message;
        }
    }

    private table(alerts: Alert[]) {
        return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="alerts">
            <table>
                <thead>
                    <tr>
                        <th scope="col">Camera</th>
                        <th scope="col">Severity</th>
                        <th scope="col">Since</th>
                        <th scope="col">Images</th>
                        <th scope="col">Worst score</th>
                        <th scope="col">Acknowledged</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    ${alerts.map(
                        (alert) => html`<tr>
                            <th scope="row"><a href=${hrefOf(alert)}>${alert.camera}</a></th>
                            <td><span class="sign bad">▲ ${alert.severity}</span></td>
                            <td>${time(alert.openedAt)}</td>
                            <td class="number">${count(alert.images)}</td>
                            <td class="number">
                                ${score(alert.score)}<br /><span class="muted name" title=${alert.image}>${file(alert.image)}</span>
                            </td>
                            <td>${acknowledged(alert)}</td>
                            <td class="buttons">
                                ${alert.acknowledged
                                    ? nothing
                                    : this.button("Acknowledge…", alert, () => this.acknowledge(alert))}
                                ${this.button("Close…", alert, () => this.close(alert))}
                            </td>
                        </tr>`,
                    )}
                </tbody>
            </table>
        </div>`;
    }

    private button(text: string, { camera }: Alert, run: () => void) {
        return html`<button type="button" aria-label="${text} the alert of ${camera}" @click=${run}>${text}</button>`;
    }

    private async acknowledge(alert: Alert) {
        const note = await askNote(`Acknowledge the alert of ${alert.camera}?`, "Note", "Acknowledge", false);
        if (note !== undefined) await this.send("acknowledge", alert, note, "acknowledged");
    }

    private async close(alert: Alert) {
        const note = await askNote(`Close the alert of ${alert.camera}?`, "Why is it closed?", "Close the alert", true);
        if (note !== undefined) await this.send("close", alert, note, "closed");
    }

    private async send(what: string, { camera, alertId }: Alert, note: string, done: string) {
        try {
            await write("POST", `alerts/${what}`, { camera, alertId, note: note || undefined });
            say(`The alert of ${camera} is ${done}.`);
        } catch (error) {
            complain(`The alert of ${camera} was not ${done}: ${(error as Error).message}`);
        }
        await this.load();
    }
}

const hrefOf = ({ camera }: Alert) => address.href("gallery", { camera, verdict: "anomalous" });

function acknowledged({ acknowledged: mark }: Alert) {
    if (!mark) return "–";
    return html`✓ ${mark.by} <span class="muted">${time(mark.at)}</span>${mark.note ? html`<br />${mark.note}` : nothing}`;
}

declare global {
    interface HTMLElementTagNameMap {
        "open-alerts": OpenAlerts;
    }
}
