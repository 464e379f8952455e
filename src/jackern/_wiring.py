"""Hands the lower rooms what they call in higher ones, once, at import: no file imports one above its own room."""

from jackern import _core
from jackern._adapters import scipy
from jackern._algebra import diagonal, gram, rules
from jackern._ops import masked, pointwise
from jackern._show import explain, spy
from jackern._solve import solve
from jackern._structures import banded
from jackern._structures.verbs import verbs

verbs.fill(
    add=rules.add,
    aslinearoperator=scipy.aslinearoperator,
    compose=rules.compose,
    diagonal_of_product=diagonal.of_product,
    explain=explain.explain,
    gram=gram.gram,
    logabsdet=solve.logabsdet,
    short=explain.short,
    solve=solve.solve,
    spy=spy.spy,
    tobanded=banded.tobanded,
    tocsr=scipy.tocsr,
    todia=scipy.todia,
)
_core.fallbacks.fill(
    derivative_of=pointwise.derivative_of,
    derivatives=pointwise.derivatives,
    docstring_of=pointwise.docstring_of,
    jacobian=pointwise.jacobian,
    jvp=pointwise.jvp,
    masked_jvp=masked.jvp,
    masked_vjp=masked.vjp,
    readable=pointwise.readable,
    signature_of=pointwise.signature_of,
    unbroadcast=pointwise.unbroadcast,
    value=pointwise.value,
    vjp=pointwise.vjp,
    vjp2=pointwise.vjp2,
)
