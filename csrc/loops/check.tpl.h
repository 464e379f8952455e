/* Whether this file was compiled as it is written: in the order that stands there, without fused, approximate or flushed
 * results, with infinities, NaN and signed zeros.  Numbers come through `volatile`, so that none is known beforehand. */

enum { N(N_CHECKED) = 64 };

/* Bits of sums as vector math has them, with the nearest integer, a quotient, a root and products, at numbers from -2 to 6,
 * as one number; `unit` is 1, `least` the least normal number. */
static N(word) N(digest)(real unit, real least)
{
    const real shift = 3 * N(two_to_fraction) / 2;
    real y[N(N_CHECKED)];
    N(word) digest = 0;
    for (int i = 0; i < N(N_CHECKED); i++) {
        const real x = unit * (real)(i - 16) / 7, k = (x * C(1.5) + shift) - shift, f = x - k * C(0.6875);
        const real s = f / (2 + f), z = s * s, p = f - s * (f - z * (C(0.625) + z * C(0.40625)));
        const real sum = k * N(ln2) - p * LIBM(sqrt)(1 + x * x);
        y[i] = x < 1 ? sum * least : sum; /* some are subnormal */
    }
    for (int i = 0; i < N(N_CHECKED); i++) {
        N(word) bits;
        memcpy(&bits, &y[i], sizeof bits);
        digest = 31 * digest + bits;
    }
    return digest;
}

static int N(is_exact)(void)
{
    static const N(word) known = (N(word))(sizeof(real) == 8 ? UINT64_C(0xb570fd7b813c56a3) : UINT64_C(0x18372806));
    static const real thirds[8] = {C(0.0), C(1.0) / 3, C(2.0) / 3, C(1.0), C(4.0) / 3, C(5.0) / 3, C(2.0), C(7.0) / 3};
    volatile real zero = 0, one = 1, three = 3, small = N(least_normal);
    volatile real tick = (real)(sizeof(real) == 8 ? 0x1p-52 : 0x1p-23);
    const real none = zero, whole = one, ulp = tick, divisor = three, least = small, many = 2 / (ulp * ulp);
    real terms[N(N_CHECKED)], quotients[8], sum = 0;
    int exact = 1;
    for (int i = 0; i < N(N_CHECKED); i++) terms[i] = i % 4 == 0 ? many : i % 4 == 2 ? -many : whole;
    for (int i = 0; i < N(N_CHECKED); i++) sum += terms[i];
    exact &= sum == 1; /* in another order more of the ones are left */
    for (int i = 0; i < 8; i++) terms[i] = (real)i * whole;
    for (int i = 0; i < 8; i++) quotients[i] = terms[i] / divisor;
    for (int i = 0; i < 8; i++) exact &= quotients[i] == thirds[i];
    const real above = whole + ulp, twice = whole + 2 * ulp, nan = none / none, minus = -none;
    exact &= above * above - twice == 0; /* a fused one keeps the square of an ulp */
    exact &= least / 2 > 0 && least / 2 * 2 == least;
    exact &= nan != nan && !(nan <= whole) && !(nan > whole);
    exact &= whole / none == (real)INFINITY && whole / minus == -(real)INFINITY;
    exact &= whole / (minus + C(0.0)) == (real)INFINITY;
    exact &= N(digest)(whole, least) == known;
    return exact;
}

static const jk_check_loops N(check_loops) = {.is_exact = N(is_exact)};
