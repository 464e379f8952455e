"""Constants of the formats, which every family of functions uses."""

import mpmath as mp


def constants(dtype):
    """Return the C constants of a dtype."""
    bias = 2 ** (dtype.exponent - 1) - 1
    n_fraction = dtype.precision - 1
    # k*ln2_hi is exact for every k that can occur, |k| < 2**exponent: it leaves that many bits free.
    ln2_hi = dtype.rounded(mp.ln2, dtype.precision - dtype.exponent)
    values = (
        ("exp_overflow", "exp of this is infinite", mp.ceil((bias + 1) * mp.ln2)),
        ("log2e", "log2(e)", 1 / mp.ln2),
        ("ln2_hi", f"log(2), its first {dtype.precision - dtype.exponent} bits", ln2_hi),
        ("ln2_lo", "and its rest", mp.ln2 - ln2_hi),
        ("sqrt_half", "sqrt(1/2)", mp.sqrt(mp.mpf(1) / 2)),
        ("two_to_fraction", "the last digit of its significand counts 1", mp.mpf(2) ** n_fraction),
        ("bias", "what is added to the exponent", mp.mpf(bias)),
        ("least_normal", "numbers below it have fewer digits", mp.mpf(2) ** (1 - bias)),
        (
            "half_shift",
            "a product with it rounds to half of the significand",
            mp.mpf(2) ** mp.ceil(mp.mpf(dtype.precision) / 2) + 1,
        ),
        (
            "round_shift",
            "a sum with it is rounded to an integer, k, and ends with the bits of k + bias",
            mp.mpf(1.5) * 2**n_fraction + bias,
        ),
    )
    lines = [
        f"\ntypedef uint{dtype.precision + dtype.exponent}_t word_{dtype.name};",
        f"enum {{ n_fraction_{dtype.name} = {n_fraction} }};",
    ]
    for name, meaning, value in values:
        literal = dtype.hexadecimal(dtype.rounded(value))
        lines += [f"/* {meaning} */", f"static const {dtype.c} {name}_{dtype.name} = {literal};"]
    return "\n".join(lines)
