// The state of the page in its address: a link is a view.

export const views = {
    gallery: "/",
    image: "/image",
    whatif: "/whatif",
    compare: "/compare",
    cameras: "/cameras",
    state: "/state",
    audit: "/audit",
} as const;

export type View = keyof typeof views;
export type Parameters = Record<string, string | undefined>;

/** Names of the parameters that choose results; the server's names. */
export const filterNames = [
    "camera",
    "model",
    "verdict",
    "review",
    "generated",
    "class",
    "part",
    "job",
    "from",
    "to",
    "minScore",
    "maxScore",
] as const;

class Address extends EventTarget {
    constructor() {
        super();
        addEventListener("popstate", () => this.dispatchEvent(new Event("change")));
        document.addEventListener("click", (event) => this.follow(event));
    }

    get view(): View {
        const path = location.pathname;
        const found = Object.entries(views).find(([, value]) => value === path);
        return (found?.[0] as View | undefined) ?? "gallery";
    }

    get parameters(): Parameters {
        return Object.fromEntries(new URLSearchParams(location.search));
    }

    get(name: string) {
        return new URLSearchParams(location.search).get(name) ?? undefined;
    }

    /** The parameters that choose results. */
    get filter(): Parameters {
        const all = this.parameters;
        return Object.fromEntries(filterNames.filter((name) => all[name]).map((name) => [name, all[name]]));
    }

    href(view: View, parameters: Parameters = {}) {
        const query = new URLSearchParams();
        for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
        const text = query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%40", "@");
        return views[view] + (text && "?" + text);
    }

    go(view: View, parameters: Parameters = {}, replace = false) {
        this.open(this.href(view, parameters), replace);
    }

    /** Changes some parameters of this view; undefined removes one. */
    set(changes: Parameters, replace = false) {
        this.go(this.view, { ...this.parameters, ...changes }, replace);
    }

    private open(href: string, replace: boolean) {
        if (href === location.pathname + location.search) return;
        history[replace ? "replaceState" : "pushState"](null, "", href);
        this.dispatchEvent(new Event("change"));
    }

    // Links to views of this page open without a new load.
    private follow(event: MouseEvent) {
        if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        const link = (event.target as Element).closest?.("a");
        if (!link || link.target || link.origin !== location.origin || link.getAttribute("href")!.startsWith("#")) return;
        if (!Object.values<string>(views).includes(link.pathname)) return;
        event.preventDefault();
        this.open(link.pathname + link.search, false);
    }
}

export const address = new Address();
