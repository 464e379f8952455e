"""Pointwise ops of users, made of functions of arrays; the products are those of `multiply`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from jackern import _core
from jackern._arrays.arguments import as_outs, kind_of, one_for_each, wanted
from jackern._arrays.operands import Array, as_array, as_operands, promote, quiet
from jackern._arrays.outputs import Outputs
from jackern._arrays.shapes import broadcast_shape, check_shape, shape_of
from jackern._ops.masked import as_mask, deliver
from jackern._ops.pointwise import read_operands, value_shape
from jackern._structures.axis import elementwise

Function = Callable[..., Any]


def argument_names(where: str, value: Function) -> tuple[str, ...]:
    """The names of the arguments of a function that are given by position."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        n = getattr(value, "nin", 1)  # of a ufunc
        return ("x",) if n == 1 else tuple("abc"[:n])
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = tuple(p.name for p in parameters if p.kind in by_place and p.default is p.empty)
    if not names:
        raise TypeError(f"{where}: value takes no argument by position, expected a function of arrays")
    return names


def as_reads(where: str, reads: Any, names: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    """What each derivative reads; by default all arguments."""
    if reads is None:
        return (frozenset(names),) * len(names)
    several = reads if isinstance(reads, tuple) and len(names) > 1 else (reads,) * len(names)
    if len(several) != len(names):
        raise ValueError(f"{where}: reads is a tuple of {len(several)}, expected one for each of {', '.join(names)}")
    sets = [frozenset(one.split() if isinstance(one, str) else one) for one in several]
    for one in sets:
        unknown = one - {*names, "y"}
        if unknown:
            raise ValueError(f"{where}: reads names {', '.join(sorted(unknown))}, expected of {', '.join(names)} and y")
    return tuple(sets)


def signature_of(op: Any) -> inspect.Signature:
    """The signature of an op, from the names of its arguments."""
    anyhow = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, anyhow) for name in op._argument_names]
    return inspect.Signature([*parameters, inspect.Parameter("out", anyhow, default=None)])


class OwnOp(_core.FamilyOp):
    """A pointwise op that was registered, with the interface of those of the table.

    Its derivatives are functions of what they read, the arguments in their order and then ``y``.
    """

    def __init__(
        self,
        name: str,
        *,
        names: tuple[str, ...],
        value: Function,
        derivatives: tuple[Function, ...],
        second: Function | None,
        domain: tuple[tuple[float, float], ...],
        **_: Any,
    ):
        self._argument_names = names
        self._function = value
        self._derivatives = derivatives
        self._second = second
        self.domain = domain
        self.selects = False
        self.defaults: tuple[float, ...] = ()

    __signature__: inspect.Signature = _core.OfOps(  # type: ignore[assignment]
        signature_of, inspect.Signature([*inspect.signature(__init__).parameters.values()][1:])
    )

    def _bound(self, where: str, args: tuple[object, ...]) -> tuple[object, ...]:
        """The arguments, None for those behind that are not given."""
        if len(args) > self.nin:
            raise TypeError(f"{where}: {len(args)} arguments are given, expected {self.nin}")
        return args + (None,) * (self.nin - len(args))

    def _evaluated(self, where: str, what: str, function: Function, operands: Iterable[Array], shape: Any) -> Array:
        """What a function of the user's makes of arrays, broadcast to a shape."""
        given = list(operands)
        result = as_array(function(*given), where, what)
        if result.shape != shape:
            try:
                result = np.broadcast_to(result, shape)
            except ValueError:
                raise ValueError(f"{where}: {what} returned shape {result.shape}, expected {shape}") from None
        return result

    def _read(
        self, where: str, args: tuple[object, ...], y: object, positions: Iterable[int], given: dict[str, object]
    ) -> tuple[dict[str, Array], np.dtype[Any]]:
        """Operands that are read, as arrays, with y computed where it is read and not given."""
        read, use_y = read_operands(self, where, args, y, tuple(positions))
        operands, dtype = as_operands(given | read, where, args)
        reads_y = any("y" in self.reads[k] for k in positions)
        if reads_y and not use_y:
            everything = [operands[name] for name in self._argument_names]
            shape = broadcast_shape({name: operands[name].shape for name in self._argument_names}, where)
            operands["y"] = self._evaluated(where, "value", self._function, everything, shape).astype(dtype, copy=False)
        return operands, dtype

    def _derivative(self, where: str, k: int, operands: dict[str, Array], shape: tuple[int, ...]) -> Array:
        """The derivative by argument k where the operands are."""
        order = [name for name in (*self._argument_names, "y") if name in self.reads[k]]
        dtype = promote([operands[name] for name in order] or [1.0])
        array = self._evaluated(where, "derivative", self._derivatives[k], (operands[name] for name in order), shape)
        return array.astype(dtype, copy=False)

    @quiet
    def __call__(self, *args: object, out: object = None) -> Any:
        where = f"ops.{self.name}"
        args = self._bound(where, args)
        for name, x in zip(self._argument_names, args, strict=True):
            if x is None:
                raise TypeError(f"{where}: {name} is missing; expected {self.nin} operands")
        operands, dtype = as_operands(dict(zip(self._argument_names, args, strict=True)), where)
        shape = broadcast_shape({name: x.shape for name, x in operands.items()}, where)
        outputs = Outputs(where, (out,), (shape,), dtype, False)
        result = self._evaluated(where, "value", self._function, operands.values(), shape).astype(dtype, copy=False)
        deliver(outputs, [result])
        self.count_call("value")
        return outputs.results()[0]

    @quiet
    def jvp(
        self,
        tangents: object,
        *args: object,
        y: object = None,
        out: object = None,
        accumulate: object = False,
        where: object = None,
    ) -> Any:
        """The Jacobian-vector product, as of ops of the table."""
        here = f"ops.{self.name}.jvp"
        args = self._bound(here, args)
        dots = tangents if isinstance(tangents, tuple) else (tangents,)
        if len(dots) != self.nin:
            raise TypeError(f"{here}: tangents is {kind_of(tangents)}, expected a tuple of {self.nin} (None for zero)")
        positions = [k for k in range(self.nin) if dots[k] is not None]
        if not positions:
            raise TypeError(f"{here}: every tangent is None; the product is zero")
        names = self._argument_names
        shape = value_shape(self, here, args, y, (f"{names[0]}_dot", dots[0]) if self.nin == 1 else None)
        for k in positions:
            if args[k] is not None:
                found, expected = shape_of(dots[k], here, f"{names[k]}_dot"), shape_of(args[k], here, names[k])
                check_shape(here, f"{names[k]}_dot", found, expected, f"the shape of {names[k]}")
        given = {f"{names[k]}_dot": dots[k] for k in positions}
        operands, dtype = self._read(here, args, y, positions, given)
        left = None if where is None else as_mask(here, where, shape)
        outputs = Outputs(here, (out,), (shape,), dtype, accumulate)
        total = np.zeros(shape, dtype)
        for k in positions:
            product = operands[f"{names[k]}_dot"] * self._derivative(here, k, operands, shape)
            total = total + (product if left is None else np.where(left, product, 0))
        deliver(outputs, [np.asarray(total, dtype)])
        self.count_call("jvp")
        return outputs.results()[0]

    @quiet
    def vjp(
        self,
        y_bar: object,
        *args: object,
        y: object = None,
        wrt: object = None,
        out: object = None,
        accumulate: object = False,
        where: object = None,
    ) -> Any:
        """The vector-Jacobian products, as of ops of the table."""
        here = f"ops.{self.name}.vjp"
        args = self._bound(here, args)
        wrt = self._wrt(wrt)
        positions = wanted(here, wrt, self.nin)
        shape = value_shape(self, here, args, y, ("y_bar", y_bar))
        operands, dtype = self._read(here, args, y, positions, {"y_bar": y_bar})
        left = None if where is None else as_mask(here, where, shape)
        single = not isinstance(wrt, tuple)
        outs = as_outs(here, out, len(positions), single=single)
        shapes = [shape if args[k] is None else shape_of(args[k], here, self._argument_names[k]) for k in positions]
        outputs = Outputs(here, outs, shapes, dtype, accumulate, single=single)
        products = []
        for k in positions:
            product = np.asarray(operands["y_bar"] * self._derivative(here, k, operands, shape), dtype)
            products.append(product if left is None else np.where(left, product, dtype.type(0)))
        deliver(outputs, products)
        self.count_call("vjp")
        results = outputs.results()
        return results[0] if single else tuple(results)

    @quiet
    def vjp2(
        self,
        h: object,
        y_bar: object,
        *args: object,
        y: object = None,
        wrt: object = None,
        out: object = None,
        accumulate: object = False,
    ) -> Any:
        """Double backward, of an op of one argument that was registered with its second derivative."""
        here = f"ops.{self.name}.vjp2"
        if self._second is None:
            raise TypeError(f"{here}: {self.name} was registered without `second`, its second derivative")
        args = self._bound(here, args)
        wrt = self._wrt(wrt)
        positions = wanted(here, wrt, self.nin)
        (one,) = one_for_each(here, h, wrt, positions)
        shape = value_shape(self, here, args, y, ("y_bar", y_bar))
        check_shape(here, "h", shape_of(one, here, "h"), shape, f"the shape of {self._argument_names[0]}")
        operands, dtype = self._read(here, args, y, positions, {"y_bar": y_bar, "h": one})
        outputs = Outputs(here, as_outs(here, out, 2, single=False), [shape] * 2, dtype, accumulate, single=False)
        order = [name for name in (*self._argument_names, "y") if name in self.reads[0]]
        curvature = self._evaluated(here, "second", self._second, (operands[name] for name in order), shape)
        slope = self._derivative(here, 0, operands, shape)
        both = [operands["h"] * slope, operands["h"] * (operands["y_bar"] * curvature)]
        deliver(outputs, [np.asarray(x, dtype) for x in both])
        self.count_call("vjp2")
        return tuple(outputs.results())

    @quiet
    def derivative(self, *args: object, y: object = None, wrt: object = 0, out: object = None) -> Any:
        """The derivative itself by one argument, or a tuple of them, of the broadcast shape."""
        here = f"ops.{self.name}.derivative"
        args = self._bound(here, args)
        positions = wanted(here, wrt, self.nin)
        shape = value_shape(self, here, args, y)
        operands, dtype = self._read(here, args, y, positions, {})
        single = not isinstance(wrt, tuple)
        outs = as_outs(here, out, len(positions), single=single)
        outputs = Outputs(here, outs, [shape] * len(positions), dtype, False, single=single)
        arrays = [np.array(self._derivative(here, k, operands, shape), dtype) for k in positions]
        deliver(outputs, arrays)
        results = outputs.results()
        return results[0] if single else tuple(results)

    @quiet
    def jacobian(self, *args: object, y: object = None, wrt: object = 0) -> Any:
        """The Jacobian by one argument, or a tuple of them: diagonal, or a broadcast."""
        here = f"ops.{self.name}.jacobian"
        args = self._bound(here, args)
        positions = wanted(here, wrt, self.nin)
        shape = value_shape(self, here, args, y)
        derivatives = self.derivative(*args, y=y, wrt=positions)
        jacobians = tuple(
            elementwise(
                np.asarray(array),
                shape if args[k] is None else shape_of(args[k], here, self._argument_names[k]),
                shape,
            )
            for k, array in zip(positions, derivatives, strict=True)
        )
        self.count_call("jacobian")
        return jacobians if isinstance(wrt, tuple) else jacobians[0]

    def accepts(self, *arrays: object) -> bool:
        """Whether there is a fast kernel for these arrays: never."""
        return False

    def sample(self, rng: np.random.Generator, n: int) -> tuple[tuple[Array, ...], dict[str, Any]]:
        """Return arguments of n numbers each, drawn from the domain, and keywords to try the op with: none."""
        return tuple(rng.uniform(low, high, n) for low, high in self.domain), {}

    def _wrt(self, wrt: object) -> object:
        return wrt if wrt is not None else 0 if self.nin == 1 else tuple(range(self.nin))
