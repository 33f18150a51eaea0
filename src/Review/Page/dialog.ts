// Questions before something is saved.
import { html, nothing, render } from "lit";

/** Asks in a modal dialog; true: the person agreed. */
export function confirm(title: string, content: unknown, yes: string): Promise<boolean> {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-labelledby", "confirm-title");
    render(
        html`<form method="dialog">
            <h2 id="confirm-title">${title}</h2>
            ${content ?? nothing}
            <div class="buttons">
                <button value="no">Cancel</button>
                <button value="yes" class="primary" autofocus>${yes}</button>
            </div>
        </form>`,
        dialog,
    );
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) =>
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        }),
    );
}
