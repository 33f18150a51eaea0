import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { address } from "./address.js";
import { decisions, fromField, generated, toField, verdicts } from "./format.js";
import { Part } from "./part.js";
import type { Decision, Session } from "./types.js";

const reviewChoices: [name: string, decision: Decision][] = [
    ["undecided", "none"],
    ["fine", "fine"],
    ["defect", "defect"],
    ["unsure", "unsure"],
];

/** A list to choose from; keeps a value that the list does not have. */
export function choice(label: string, name: string, values: readonly string[], all: string, chosen = address.get(name)) {
    const options = chosen && !values.includes(chosen) && chosen !== "*" ? [chosen, ...values] : values;
    return html`<label class="field">
        <span>${label}</span>
        <select name=${name}>
            ${all ? html`<option value="" .selected=${!chosen}>${all}</option>` : ""}
            ${options.map((value) => html`<option value=${value} .selected=${value === chosen}>${value}</option>`)}
            ${name === "model" && all ? html`<option value="*" .selected=${chosen === "*"}>All models</option>` : ""}
        </select>
    </label>`;
}

export function timeField(label: string, name: string) {
    return html`<label class="field">
        <span>${label}</span>
        <input type="datetime-local" name=${name} step="1" .value=${live(toField(address.get(name)))} />
    </label>`;
}

/** Puts the field that changed into the address. */
export function fieldChanged(event: Event) {
    const field = event.target as HTMLInputElement | HTMLSelectElement;
    if (!field.name || !field.reportValidity()) return;
    const value = field.type === "datetime-local" ? fromField(field.value) : field.value;
    address.set({ [field.name]: value || undefined });
}

/** All filters of the list; what they say is in the address. */
@customElement("result-filters")
export class ResultFilters extends Part {
    @property({ attribute: false }) session!: Session;

    override connectedCallback() {
        super.connectedCallback();
        this.listen(address, "change", () => this.requestUpdate());
    }

    override render() {
        const { cameras, models, classes, live: present } = this.session;
        return html`<form aria-label="Filters" @change=${this.change} @submit=${(event: Event) => event.preventDefault()}>
            ${choice("Camera", "camera", cameras, "All cameras")}
            ${this.boxes(
                "Verdict",
                "verdict",
                Object.entries(verdicts).map(([name, { icon, word }]) => [name, `${icon} ${word}`]),
            )}
            ${this.boxes(
                "Person's verdict",
                "review",
                reviewChoices.map(([name, decision]) => [name, `${decisions[decision].icon} ${decisions[decision].word}`]),
            )}
            ${this.boxes("Check for generated pictures", "generated", [["generated", `${generated.icon} Flagged as generated`]])}
            ${choice("Class", "class", classes, "All classes")}
            <fieldset class="pair">
                <legend>Score (0.5 is the threshold)</legend>
                ${this.number("From", "minScore")} ${this.number("To", "maxScore")}
            </fieldset>
            ${timeField("From", "from")} ${timeField("Up to (jump to a time)", "to")}
            ${choice("Model", "model", models, present ? `Live: ${present}` : "Live model")}
            <label class="field">
                <span>Part (serial number or lot)</span>
                <input name="part" maxlength="128" .value=${live(address.get("part") ?? "")} />
            </label>
            <div class="buttons">
                <button type="button" ?disabled=${!address.get("to")} @click=${() => address.set({ to: undefined })}>Newest</button>
                <button type="button" @click=${() => address.go("gallery", { heat: address.get("heat") })}>Clear filters</button>
            </div>
        </form>`;
    }

    private boxes(label: string, name: string, values: [value: string, text: string][]) {
        const chosen = address.get(name)?.split(",") ?? [];
        return html`<fieldset class="boxes">
            <legend>${label}</legend>
            ${values.map(
                ([value, text]) => html`<label class="check">
                    <input type="checkbox" name=${name} value=${value} .checked=${live(chosen.includes(value))} /> ${text}
                </label>`,
            )}
        </fieldset>`;
    }

    private number(label: string, name: string) {
        return html`<label class="field">
            <span>${label}</span>
            <input type="number" name=${name} min="0" max="1" step="any" inputmode="decimal" .value=${live(address.get(name) ?? "")} />
        </label>`;
    }

    private change(event: Event) {
        const field = event.target as HTMLInputElement;
        if (field.type !== "checkbox") return fieldChanged(event);
        const boxes = this.querySelectorAll<HTMLInputElement>(`input[name="${field.name}"]:checked`);
        address.set({ [field.name]: [...boxes].map((box) => box.value).join(",") || undefined });
    }
}
