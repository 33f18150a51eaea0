// Questions before something is saved.
import { html, nothing, render } from "lit";
import { address } from "./address.js";

// Shows a modal dialog; its form when the person agreed.
function open(title: string, content: unknown, yes: string): Promise<FormData | undefined> {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-labelledby", "question");
    render(
        html`<form method="dialog">
            <h2 id="question">${title}</h2>
            ${content}
            <div class="buttons">
                <button value="no" formnovalidate>Cancel</button>
                <button value="yes" class="primary">${yes}</button>
            </div>
        </form>`,
        dialog,
    );
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector<HTMLElement>("textarea, .primary")!.focus();
    const leave = () => dialog.close(); // a link in it leads to another view
    address.addEventListener("change", leave);
    return new Promise((resolve) =>
        dialog.addEventListener("close", () => {
            address.removeEventListener("change", leave);
            const form = new FormData(dialog.querySelector("form")!);
            dialog.remove();
            resolve(dialog.returnValue === "yes" ? form : undefined);
        }),
    );
}

/** Asks whether to go on; true: the person agreed. */
export const confirm = async (title: string, content: unknown, yes: string) => (await open(title, content, yes)) !== undefined;

/** Asks for a note; undefined: the person does not go on. */
export async function askNote(title: string, label: string, yes: string, required: boolean) {
    const content = html`<label class="field">
        <span>${label}${required ? "" : " (may be left out)"}</span>
        <textarea name="note" rows="3" maxlength="2000" required=${required ? "" : nothing}></textarea>
    </label>`;
    const form = await open(title, content, yes);
    return form && String(form.get("note")).trim();
}
