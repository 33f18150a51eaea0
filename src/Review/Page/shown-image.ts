// The image that is shown: what is here at once, and the rest as it comes.
import { documents, heats, pictures, prefetch, versions, type Heat } from "./loaded.js";
import { store, versionOf } from "./store.js";
import type { ResultDocument, Row, Versions } from "./types.js";

const ahead = 3; // images loaded before they are asked for

export class ShownImage {
    row?: Row;
    image?: HTMLImageElement;
    heat?: Heat;
    document?: ResultDocument;
    /** Results of all models, and all decisions. */
    all?: Versions;
    error = "";
    private asked = "";

    /** @param changed Called when there is more to show. */
    constructor(private readonly changed: () => void) {}

    /** The place of the image in the list, whichever of its results is shown; -1: not in the list. */
    get place() {
        const row = this.row;
        return row ? store.rows.findIndex((other) => other.etag === row.etag && other.image === row.image) : -1;
    }

    /** Shows the result at a cursor, or that of another model on the same image. */
    async open(camera: string, cursor: string, model: string | undefined) {
        const asked = `${camera}|${cursor}|${model ?? ""}`;
        if (asked === this.asked) return;
        this.asked = asked;
        const known = store.rows.find((row) => row.cursor === cursor && row.camera === camera);
        try {
            if (known && !model) this.display(known);
            const seed = known ?? ({ camera, cursor } as Row); // enough to ask with
            const all = versions.peek(seed) ?? (await versions.load(seed));
            if (asked !== this.asked) return;
            const rows = all.results.map((row) => store.freshen(row));
            const row = rows.find((other) => (model ? other.model === model : other.cursor === cursor)) ?? rows[0];
            if (!row) throw new Error("There is no result of this image.");
            this.display(row.blob === known?.blob ? known : row);
            this.all = all;
            this.changed();
            if (!known) await store.reach(cursor);
            if (asked === this.asked) this.prefetch();
        } catch (error) {
            if (asked !== this.asked) return;
            this.error = (error as Error).message;
            if (!known) this.row = undefined;
            this.changed();
        }
    }

    /** Says why nothing can be shown. */
    fail(error: string) {
        this.asked = "";
        this.row = undefined;
        this.error = error;
        this.changed();
    }

    /** Loads the next images before they are asked for. */
    prefetch() {
        const at = this.place;
        if (at < 0) return;
        if (at + 2 * ahead > store.rows.length) store.more().catch(() => {});
        for (const row of store.rows.slice(at + 1, at + 1 + ahead)) prefetch(row);
    }

    /** Asks for the decisions again. */
    refresh() {
        const row = this.row;
        if (!row) return;
        versions.forget(row);
        versions.load(row).then(
            (all) => {
                if (this.row !== row) return;
                this.all = all;
                this.changed();
            },
            () => {}, // the decision itself is shown
        );
    }

    private display(row: Row) {
        if (row === this.row) return;
        if (!this.row || versionOf(row) !== versionOf(this.row)) this.all = versions.peek(row);
        this.row = row;
        this.error = "";
        this.image = pictures.peek(row);
        this.heat = row.map ? heats.peek(row) : undefined;
        this.document = documents.peek(row);
        const listed = store.rows[this.place];
        if (listed) store.focus = listed.blob;
        this.fill(row, pictures.load(row), (image) => (this.image = image));
        if (row.map) this.fill(row, heats.load(row), (heat) => (this.heat = heat));
        this.fill(row, documents.load(row), (document) => (this.document = document));
        this.changed();
    }

    private fill<T>(row: Row, promise: Promise<T>, put: (value: T) => void) {
        promise.then(
            (value) => {
                if (this.row !== row) return;
                put(value);
                this.changed();
            },
            (error: Error) => {
                if (this.row !== row) return;
                this.error = error.message;
                this.changed();
            },
        );
    }
}
