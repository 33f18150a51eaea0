// The fields of a camera's profile.
import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { defaults, put, type AlertRule, type Band, type Profile } from "./profile.js";

type Set<T> = (changed: T) => void;

const valueOf = (event: Event) => (event.target as HTMLInputElement).value;
const numberOf = (event: Event) => (valueOf(event) === "" ? undefined : Number(valueOf(event)));

const linesOf = (text: string) =>
    text
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);

function number(label: string, value: number | undefined, normal: string | number, set: Set<number | undefined>, whole = false) {
    return html`<label class="field">
        <span>${label}</span>
        <input
            type="number"
            step=${whole ? 1 : "any"}
            inputmode=${whole ? "numeric" : "decimal"}
            placeholder=${normal}
            .value=${live(value === undefined ? "" : String(value))}
            @input=${(event: Event) => set(numberOf(event))}
        />
    </label>`;
}

function text(label: string, value: string | undefined, normal: string, set: Set<string | undefined>) {
    return html`<label class="field">
        <span>${label}</span>
        <input .value=${live(value ?? "")} placeholder=${normal} @input=${(event: Event) => set(valueOf(event) || undefined)} />
    </label>`;
}

function check(label: string, value: boolean, set: Set<boolean>) {
    const changed = (event: Event) => set((event.target as HTMLInputElement).checked);
    return html`<label class="check"><input type="checkbox" .checked=${live(value)} @change=${changed} /> ${label}</label>`;
}

export function profileForm(profile: Profile, set: Set<Profile>) {
    const field = <K extends keyof Profile>(name: K) => (value: Profile[K] | undefined) => set(put(profile, name, value));
    return html`
        <fieldset class="group">
            <legend>Scoring</legend>
            ${text("Class: what the object is called", profile.class, defaults.class, field("class"))}
            <label class="field">
                <span>Domain: which smoothing the map gets</span>
                <select @change=${(event: Event) => field("domain")(valueOf(event) as Profile["domain"])}>
                    ${["industrial", "medical"].map(
                        (domain) =>
                            html`<option value=${domain} .selected=${domain === (profile.domain ?? defaults.domain)}>${domain}</option>`,
                    )}
                </select>
            </label>
            ${number("Threshold: scores from here on are anomalous (raw)", profile.threshold, "from the package", field("threshold"))}
            ${number("Map threshold: values from here on are a region", profile.mapThreshold, "from the package", field("mapThreshold"))}
            ${number("Smallest region, as a share of the image", profile.minRegion, defaults.minRegion, field("minRegion"))}
            ${text("Tiles: columns x rows (3x2), or pixels along a side (1024)", profile.tiles, "none", field("tiles"))}
            ${number("Overlap of tiles, as a share of a tile's side", profile.tileOverlap, defaults.tileOverlap, field("tileOverlap"))}
            ${check("Store a heatmap for each image", profile.heatmaps ?? defaults.heatmaps, field("heatmaps"))}
        </fieldset>
        <fieldset class="group">
            <legend>Names</legend>
            <label class="field">
                <span>Names that are no images, one a line; * stands for any characters</span>
                <textarea
                    rows="3"
                    placeholder=${defaults.skip.join("\n")}
                    .value=${live(profile.skip?.join("\n") ?? "")}
                    @change=${(event: Event) => field("skip")(linesOf(valueOf(event)))}
                ></textarea>
            </label>
            ${text("Part: regular expression on the name, with a group 'part'", profile.part, "^(?<part>[^_/]+)_", field("part"))}
        </fieldset>
        ${alertFields(profile.alert ?? {}, field("alert"))}
    `;
}

function alertFields(alert: AlertRule, set: Set<AlertRule>) {
    const field = <K extends keyof AlertRule>(name: K) => (value: AlertRule[K] | undefined) => set(put(alert, name, value));
    const usual = defaults.alert;
    const confirm = alert.confirm ?? {};
    const bands: readonly Band[] = alert.severityBands ?? usual.severityBands;
    const band = (i: number, changed: Band) => field("severityBands")(bands.with(i, changed));
    return html`<fieldset class="group">
        <legend>Alerts</legend>
        ${check("This camera alerts", alert.enabled ?? usual.enabled, field("enabled"))}
        ${check("Also when it is silent", alert.silence ?? usual.silence, field("silence"))}
        ${check("Also when its scores drift", alert.drift ?? usual.drift, field("drift"))}
        <div class="pair">
            ${number("Anomalous images needed", confirm.n, usual.confirm.n, (n) => field("confirm")(put(confirm, "n", n)), true)}
            ${number("of the newest", confirm.m, usual.confirm.m, (m) => field("confirm")(put(confirm, "m", m)), true)}
            ${number("Smooth: median of this many images (odd)", alert.smooth, usual.smooth, field("smooth"), true)}
            ${number("Seconds between two alerts", alert.coolDownSeconds, usual.coolDownSeconds, field("coolDownSeconds"), true)}
            ${number("Normal images that close one", alert.closeAfterNormal, usual.closeAfterNormal, field("closeAfterNormal"), true)}
        </div>
        <table class="bands">
            <caption>
                Severity, from a calibrated score on (0.5 is the threshold)
            </caption>
            <thead>
                <tr>
                    <th scope="col">Name</th>
                    <th scope="col">From</th>
                    <td></td>
                </tr>
            </thead>
            <tbody>
                ${bands.map(
                    (each, i) => html`<tr>
                        <td>
                            <input
                                aria-label="Name of severity ${i + 1}"
                                .value=${live(each.name)}
                                @input=${(event: Event) => band(i, { ...each, name: valueOf(event) })}
                            />
                        </td>
                        <td>
                            <input
                                type="number"
                                step="any"
                                aria-label="Severity ${i + 1} from"
                                .value=${live(String(each.minCalibrated))}
                                @input=${(event: Event) => band(i, { ...each, minCalibrated: Number(valueOf(event)) })}
                            />
                        </td>
                        <td>
                            ${bands.length > 1
                                ? html`<button
                                      type="button"
                                      class="icon"
                                      aria-label="Remove severity ${each.name}"
                                      @click=${() => field("severityBands")(bands.toSpliced(i, 1))}
                                  >
                                      ✕
                                  </button>`
                                : nothing}
                        </td>
                    </tr>`,
                )}
            </tbody>
        </table>
        <button type="button" @click=${() => field("severityBands")([...bands, { name: "new", minCalibrated: 1 }])}>Add a severity</button>
    </fieldset>`;
}
