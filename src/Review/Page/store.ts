// The rows of the chosen results, newest first: loaded page by page, kept up to date by asking for the first page again.
import * as api from "./api.js";
import type { Parameters } from "./address.js";
import type { Review, Row } from "./types.js";

const firstPage = 100; // small: it is shown first, and asked for again and again
const nextPage = 500;
const largestPage = 1000;
const interval = 2000; // ms between two questions for new results
const mostPages = 20;

/** One image version, whichever model scored it. */
export const versionOf = (row: Pick<Row, "image" | "etag">) => `${row.image}|${row.etag}`;

class Store extends EventTarget {
    rows: Row[] = [];
    status: "loading" | "ready" | "failed" = "loading";
    error = "";
    /** Cursor of the next page; undefined: all rows are here. */
    next?: string;
    /** The model whose results these are; undefined for all models. */
    model?: string;
    /** New rows that wait until they may move what is on screen. */
    waiting: Row[] = [];
    /** Whether the last questions for new results had no answer. */
    cut = false;
    /** Whether new rows wait. */
    hold = false;
    /** Decisions made here and not yet saved, by image version. */
    readonly unsaved = new Map<string, Review>();
    /** The card that was last in focus, by blob. */
    focus?: string;

    private filter?: Parameters;
    private places = new Map<string, Row>();
    private readonly decided = new Map<string, Review | undefined>();
    private etag?: string;
    private timer = 0;
    private watchers = 0;
    private unanswered = 0;
    private loading?: Promise<void>;
    private opened: Promise<void> = Promise.resolve();
    private abort = new AbortController();

    /** Shows the results of a filter; keeps the rows when it is the same filter. */
    open(filter: Parameters) {
        if (this.filter && JSON.stringify(filter) === JSON.stringify(this.filter)) return;
        this.filter = filter;
        this.opened = this.reload();
    }

    async reload() {
        this.abort.abort();
        const abort = (this.abort = new AbortController());
        this.status = "loading";
        this.waiting = [];
        this.loading = undefined;
        this.changed();
        try {
            const answer = await api.results({ ...this.filter, top: firstPage }, undefined, abort.signal);
            if (abort !== this.abort) return;
            this.rows = [];
            this.places.clear();
            this.etag = answer!.etag;
            this.model = answer!.page.model;
            this.next = answer!.page.next;
            this.merge(answer!.page.results);
            this.status = "ready";
        } catch (error) {
            if (abort !== this.abort) return;
            this.rows = [];
            this.places.clear();
            this.next = undefined;
            this.status = "failed";
            this.error = (error as Error).message;
        }
        this.changed();
    }

    /** Loads the next page; one at a time. */
    more(top = nextPage): Promise<void> {
        if (this.status !== "ready" || !this.next) return Promise.resolve();
        return (this.loading ??= this.append(top, this.abort).finally(() => (this.loading = undefined)));
    }

    /** Loads pages until a row with this cursor, or an older one, is here. */
    async reach(cursor: string) {
        await this.opened;
        for (let page = 0; page < mostPages && this.next; page++) {
            const last = this.rows.at(-1);
            if (last && last.cursor >= cursor) return;
            await this.more(largestPage);
        }
    }

    /** Asks for new results every 2 s while somebody watches and the page is visible. */
    watch() {
        this.watchers++;
        this.plan();
        return () => {
            if (--this.watchers === 0) clearTimeout(this.timer);
        };
    }

    /** Whether new results can appear in this list. */
    get live() {
        return !this.filter?.["to"];
    }

    /** Lets the waiting rows in. */
    admit() {
        const rows = this.waiting;
        this.waiting = [];
        if (rows.length > 0) this.merge(rows);
        this.changed();
    }

    /** Sets or puts back the decision on image versions. */
    decide(reviews: Map<string, Review | undefined>) {
        for (const [version, review] of reviews) this.decided.set(version, review);
        for (const row of this.rows) if (reviews.has(versionOf(row))) row.review = reviews.get(versionOf(row));
        this.changed();
    }

    /** Gives a row from the server the decision made here, when that is newer. */
    freshen(row: Row) {
        const version = versionOf(row);
        const here = this.unsaved.get(version);
        if (here) row.review = here;
        else if (this.decided.has(version)) {
            const mine = this.decided.get(version);
            if (mine && (!row.review?.at || (mine.at ?? "") > row.review.at)) row.review = mine;
        }
        return row;
    }

    changed() {
        this.dispatchEvent(new Event("change"));
    }

    private async append(top: number, abort: AbortController) {
        try {
            const answer = await api.results({ ...this.filter, top, after: this.next }, undefined, abort.signal);
            if (abort !== this.abort) return;
            this.next = answer!.page.next;
            this.merge(answer!.page.results);
            this.error = "";
        } catch (error) {
            if (abort !== this.abort) return;
            this.error = (error as Error).message;
            this.changed();
            throw error;
        }
        this.changed();
    }

    private plan() {
        clearTimeout(this.timer);
        if (this.watchers > 0) this.timer = window.setTimeout(() => void this.poll().finally(() => this.plan()), interval);
    }

    private async poll() {
        if (document.hidden || !this.live || this.status !== "ready") return;
        const abort = this.abort;
        try {
            const answer = await api.results({ ...this.filter, top: firstPage }, this.etag, abort.signal);
            if (abort !== this.abort) return;
            this.answered(true);
            if (!answer) return;
            // Another model is live now, or the list began empty: then its pages begin anew, too.
            if (answer.page.model !== this.model) return void this.reload();
            if (this.rows.length === 0) this.next = answer.page.next;
            const fresh = answer.page.results;
            let next = answer.page.next;
            // More came than one page holds: ask on until the rows meet those that are here.
            const newest = [this.waiting[0], this.rows[0]].flatMap((row) => row?.cursor ?? []).sort()[0];
            for (let page = 0; next && newest && fresh.at(-1)!.cursor < newest; page++) {
                if (page === mostPages) return void this.reload();
                const older = await api.results({ ...this.filter, top: largestPage, after: next }, undefined, abort.signal);
                if (abort !== this.abort) return;
                fresh.push(...older!.page.results);
                next = older!.page.next;
            }
            this.etag = answer.etag;
            this.take(fresh);
        } catch {
            if (abort === this.abort) this.answered(false);
        }
    }

    // One question without answer says nothing: the next one comes in 2 s.
    private answered(yes: boolean) {
        this.unanswered = yes ? 0 : this.unanswered + 1;
        const cut = this.unanswered > 1;
        if (cut === this.cut) return;
        this.cut = cut;
        this.changed();
    }

    private take(rows: Row[]) {
        const known = rows.filter((row) => this.places.has(row.blob));
        const fresh = rows.filter((row) => !this.places.has(row.blob));
        this.merge(known);
        if (this.hold && this.rows.length > 0) {
            const waiting = new Set(this.waiting.map((row) => row.blob));
            this.waiting.push(...fresh.filter((row) => !waiting.has(row.blob)));
        } else this.merge(fresh);
        if (fresh.length > 0) this.dispatchEvent(new CustomEvent("fresh", { detail: fresh.length }));
        this.changed();
    }

    // Rows that are here already are replaced; new ones go to their place by cursor.
    private merge(rows: Row[]) {
        let added = false;
        for (const row of rows) {
            this.freshen(row);
            const here = this.places.get(row.blob);
            if (here) Object.assign(here, row, { review: row.review });
            else {
                this.places.set(row.blob, row);
                added ||= this.rows.length > 0 && row.cursor < this.rows.at(-1)!.cursor;
                this.rows.push(row);
            }
        }
        if (added) this.rows.sort((a, b) => (a.cursor < b.cursor ? -1 : a.cursor > b.cursor ? 1 : 0));
    }
}

export const store = new Store();
