// Upper bounds on shares, from counts.

/** ln of the gamma function for x > 0 (Lanczos, g = 5, n = 6: about 1e-10). */
function logGamma(x: number) {
    const terms = [76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 1.208650973866179e-3, -5.395239384953e-6];
    let sum = 1.000000000190015;
    terms.forEach((term, i) => (sum += term / (x + 1 + i)));
    const t = x + 5.5;
    return (x + 0.5) * Math.log(t) - t + Math.log((2.5066282746310005 * sum) / x);
}

/** The regularised incomplete beta function, by its continued fraction (modified Lentz). */
export function incompleteBeta(x: number, a: number, b: number): number {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
    const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
    const tiny = 1e-300;
    let c = 1;
    let d = 1 / Math.max(1 - ((a + b) * x) / (a + 1), tiny);
    let value = d;
    for (let m = 1; m < 2000; m++) {
        const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
        const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
        let change = 1;
        for (const term of [even, odd]) {
            d = 1 + term * d;
            c = 1 + term / c;
            if (Math.abs(d) < tiny) d = tiny;
            if (Math.abs(c) < tiny) c = tiny;
            d = 1 / d;
            change = c * d;
            value *= change;
        }
        if (Math.abs(change - 1) < 1e-12) break;
    }
    return front * value;
}

/** The one-sided upper bound of Clopper and Pearson on a share, of which `hits` of `all` were seen. */
export function upperBound(hits: number, all: number, confidence = 0.95) {
    if (all === 0 || hits >= all) return 1;
    if (hits === 0) return 1 - Math.pow(1 - confidence, 1 / all);
    let [low, high] = [hits / all, 1];
    for (let i = 0; i < 60; i++) {
        const middle = (low + high) / 2;
        if (incompleteBeta(middle, hits + 1, all - hits) < confidence) low = middle;
        else high = middle;
    }
    return high;
}
