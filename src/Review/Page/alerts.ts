// Open alerts; people acknowledge and close them.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get, write } from "./api.js";
import { askNote } from "./dialog.js";
import { duration, file, many, score, time } from "./format.js";
import { complain, say } from "./messages.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";

/** Fields that its kind does not have are absent. */
interface Alert {
    camera: string;
    alertId: string;
    kind: "anomaly" | "silence" | "drift";
    openedAt: string;
    severity?: string;
    images?: number;
    score?: number;
    image?: string;
    silence?: { lastImageAt: string; limitSeconds: number };
    drift?: { model: string; psi: number };
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
                        <th scope="col">Alert</th>
                        <th scope="col">Since</th>
                        <th scope="col">Details</th>
                        <th scope="col">Acknowledged</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    ${alerts.map(
                        (alert) => html`<tr>
                            <th scope="row"><a href=${hrefOf(alert)}>${alert.camera}</a></th>
                            <td>${sign(alert)}</td>
                            <td>${time(alert.openedAt)}</td>
                            <td>${details(alert)}</td>
                            <td>${acknowledged(alert)}</td>
                            <td>
                                <div class="buttons">
                                    ${alert.acknowledged
                                        ? nothing
                                        : this.button("Acknowledge…", alert, () => this.acknowledge(alert))}
                                    ${this.button("Close…", alert, () => this.close(alert))}
                                </div>
                            </td>
                        </tr>`,
                    )}
                </tbody>
            </table>
        </div>`;
    }

    private button(text: string, alert: Alert, run: () => void) {
        return html`<button type="button" aria-label="${text} ${nameOf(alert)}" @click=${run}>${text}</button>`;
    }

    private async acknowledge(alert: Alert) {
        const note = await askNote(`Acknowledge ${nameOf(alert)}?`, "Note", "Acknowledge", false);
        if (note !== undefined) await this.send("acknowledge", alert, note, "acknowledged");
    }

    private async close(alert: Alert) {
        const note = await askNote(`Close ${nameOf(alert)}?`, "Why is it closed?", "Close the alert", true);
        if (note !== undefined) await this.send("close", alert, note, "closed");
    }

    private async send(what: string, alert: Alert, note: string, done: string) {
        const { camera, alertId } = alert;
        const name = nameOf(alert).replace("the", "The");
        try {
            await write("POST", `alerts/${what}`, { camera, alertId, note: note || undefined });
            say(`${name} is ${done}.`);
        } catch (error) {
            complain(`${name} was not ${done}: ${(error as Error).message}`);
        }
        await this.load();
    }
}

const hrefOf = ({ camera, kind }: Alert) =>
    address.href("gallery", kind === "anomaly" ? { camera, verdict: "anomalous" } : { camera });

const nameOf = ({ camera, kind }: Alert) => `the ${kind === "anomaly" ? "alert" : `${kind} alert`} of ${camera}`;

function sign({ kind, severity }: Alert) {
    if (kind === "silence") return html`<span class="sign bad">✕ Silent</span>`;
    if (kind === "drift") return html`<span class="sign warn">▲ Drifts</span>`;
    return html`<span class="sign bad">▲ ${severity}</span>`;
}

function details({ images, score: worst, image, silence, drift }: Alert) {
    if (silence)
        return html`Last image ${time(silence.lastImageAt)}<br />
            <span class="muted">silent after ${duration(silence.limitSeconds)} without one</span>`;
    if (drift) return html`Population stability index ${drift.psi.toFixed(2)}<br /><span class="muted">${drift.model}</span>`;
    return html`${many(images ?? 0, "image")}, worst score ${score(worst)}<br />
        <span class="muted name" title=${image}>${file(image ?? "")}</span>`;
}

function acknowledged({ acknowledged: mark }: Alert) {
    if (!mark) return "–";
    return html`✓ ${mark.by} <span class="muted">${time(mark.at)}</span>${mark.note ? html`<br />${mark.note}` : nothing}`;
}

declare global {
    interface HTMLElementTagNameMap {
        "open-alerts": OpenAlerts;
    }
}
