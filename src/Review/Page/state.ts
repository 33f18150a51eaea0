// Open alerts, what waits, and which cameras are silent or drift.
import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { address } from "./address.js";
import { get, imageUrl } from "./api.js";
import { imageParameters } from "./card.js";
import { count, duration, time } from "./format.js";
import { notice } from "./notice.js";
import { Part } from "./part.js";
import type { Row } from "./types.js";
import "./alerts.js";

interface Queue {
    name: string;
    what: string;
    messages: number;
    oldestSeconds?: number;
}

interface Camera {
    camera: string;
    last?: string;
    lastRow?: Row;
    medianGapSeconds?: number;
    silent: boolean;
    psi?: number;
    drift: boolean;
}

interface State {
    at: string;
    queues: Queue[];
    cameras: Camera[];
}

const interval = 10_000; // ms

@customElement("state-board")
export class StateBoard extends Part {
    @state() private data?: State;
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
        return html`<div class="tool">
            <h1>State</h1>
            ${notice(this.error, () => this.load())}
            ${this.data ? this.content(this.data) : html`<div class="chart" aria-busy="true"></div>`}
        </div>`;
    }

    private content({ at, queues, cameras }: State) {
        return html`
            <p class="muted">As of ${time(at)}</p>
            <open-alerts></open-alerts>
            <h2 id="queues">Queues</h2>
            <div class="scroll" tabindex="0" role="region" aria-labelledby="queues">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Queue</th>
                            <th scope="col">What waits there</th>
                            <th scope="col">Messages</th>
                            <th scope="col">Oldest waits for</th>
                        </tr>
                    </thead>
                    <tbody>
                        ${queues.map(
                            (queue) => html`<tr>
                                <th scope="row">${queue.name}</th>
                                <td>${queue.what}</td>
                                <td class="number">${count(queue.messages)}</td>
                                <td class="number">${queue.oldestSeconds === undefined ? "–" : duration(queue.oldestSeconds)}</td>
                            </tr>`,
                        )}
                    </tbody>
                </table>
            </div>
            <h2 id="cameras">Cameras</h2>
            ${cameras.length === 0 ? html`<p class="muted">No camera has sent an image yet.</p>` : this.cameras(at, cameras)}
        `;
    }

    private cameras(at: string, cameras: Camera[]) {
        return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="cameras">
            <table class="pictured">
                <thead>
                    <tr>
                        <th scope="col">Camera</th>
                        <th scope="col">Last image</th>
                        <th scope="col">Usual time between images</th>
                        <th scope="col">Sends</th>
                        <th scope="col">Scores, against the week of calibration</th>
                    </tr>
                </thead>
                <tbody>
                    ${cameras.map((camera) => this.camera(at, camera))}
                </tbody>
            </table>
        </div>`;
    }

    private camera(at: string, { camera, last, lastRow, medianGapSeconds, silent, psi, drift }: Camera) {
        const ago = last ? Math.max(0, (Date.parse(at) - Date.parse(last)) / 1000) : undefined;
        const drifting = psi === undefined ? "Not enough images yet" : drift ? "▲ Drifts" : "✓ As usual";
        return html`<tr>
            <th scope="row"><a href=${address.href("gallery", { camera })}>${camera}</a></th>
            <td class="last">
                <div>
                    ${lastRow
                        ? html`<a
                              href=${address.href("image", { ...imageParameters(lastRow), camera })}
                              aria-label="Last image of ${camera}"
                          >
                              <img alt="" src=${imageUrl(lastRow, 320)} />
                          </a>`
                        : nothing}
                    <span>${time(last)}${ago === undefined ? nothing : html`<br /><span class="muted">${duration(ago)} ago</span>`}</span>
                </div>
            </td>
            <td class="number">${medianGapSeconds === undefined ? "–" : duration(medianGapSeconds)}</td>
            <td><span class="sign ${silent ? "bad" : "good"}">${silent ? "✕ Silent" : "✓ Sends"}</span></td>
            <td>
                <span class=${psi === undefined ? "muted" : `sign ${drift ? "warn" : "good"}`}>${drifting}</span>
                ${psi === undefined ? nothing : html`<br /><span class="muted number">population stability index ${psi.toFixed(2)}</span>`}
            </td>
        </tr>`;
    }

    private async load() {
        clearTimeout(this.timer);
        if (!document.hidden)
            try {
                this.data = await get<State>("state");
                this.error = "";
                await this.querySelector("open-alerts")?.load();
            } catch (error) {
                this.error = (error as Error).message;
            }
        if (this.isConnected) this.timer = window.setTimeout(() => void this.load(), interval);
    }
}
