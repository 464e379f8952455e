"""NumPy's side of a row of the table: its cotangents in NumPy, made from the table's own formulas.

`written` is the expression as users write it, ``g * (1 - y * y)``.  `into_out` is the same with ``out=`` in
every call, so that nothing is allocated::

    np.multiply(y, y, out=out); np.subtract(1, out, out=out); np.multiply(g, out, out=out)
"""

from __future__ import annotations

import ast
import re

# Functions of the table that are no ufunc, as one writes them in NumPy: parameters and expression.
DEFINITIONS = {
    "step": ("y", "y > 0"),
    "prefer": ("a b", "(a > b) + 0.5 * (a == b)"),
    "sigmoid": ("x", "1 / (1 + exp(-x))"),
    "silu_slope": ("x", "(s := 1 / (1 + exp(-x))) * (1 + x * (1 - s))"),
    "over_square": ("t p q", "t * p / (q * q)"),
    "over_one_plus_square": ("t x", "t / (1 + x * x)"),
    "pow_da": ("t a b", "t * b * a ** (b - 1)"),
    "pow_db": ("a y", "y * log(a)"),
    "atan2_da": ("t a b", "t * b / (a * a + b * b)"),
    "hypot_da": ("t a y", "t * a / y"),
    "clip_x": ("x lo hi", "(lo < x) * (x < hi)"),
    "clip_lo": ("x lo hi", "(x <= lo) * (lo < hi)"),
    "clip_hi": ("x lo hi", "x >= hi"),
}

UFUNCS = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.USub: "negative",
}


def written(formula: str) -> str:
    """Return ``g * formula`` as a NumPy expression."""
    return ast.unparse(_product(formula))


def into_out(formula: str, out: str) -> tuple[str, dict[str, str]]:
    """Return ``g * formula`` as statements that write into `out`, and the temporaries: name -> dtype.

    `out` holds the first intermediate result, as careful users do it; temporaries hold those beside it.
    """
    steps = _Steps(out)
    steps.finish(_product(formula))
    temporaries = {name: dtype for name, dtype in steps.dtypes.items() if name != out}
    return "; ".join(steps.statements), temporaries


def _product(formula: str) -> ast.expr:
    derivative = _parse(re.sub(r"\b[MC]\(([\w.]+)\)", r"\1", formula))
    derivative = _WithoutOnes().visit(_Expand().visit(derivative))
    match derivative:
        case ast.Constant(1):
            return _parse("np.positive(g)")
        case ast.UnaryOp(ast.USub(), ast.Constant(1)):
            return _parse("-g")
        case ast.BinOp(ast.Constant(1), ast.Div(), divisor):
            return ast.BinOp(_parse("g"), ast.Div(), divisor)
        case ast.BinOp(ast.UnaryOp(ast.USub(), ast.Constant(1)), ast.Div(), divisor):
            return ast.BinOp(_parse("-g"), ast.Div(), divisor)
    return ast.BinOp(_parse("g"), ast.Mult(), derivative)


def _parse(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


class _Expand(ast.NodeTransformer):
    """Write out the functions of DEFINITIONS, and say ``np.`` before the others."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id
        if name not in DEFINITIONS:
            function = _parse(f"np.{'abs' if name == 'fabs' else name}")
            return ast.Call(function, [self.visit(argument) for argument in node.args], [])
        parameters, expression = DEFINITIONS[name]
        bound = dict(zip(parameters.split(), node.args, strict=True))
        return self.visit(_Bind(bound).visit(_parse(expression)))


class _Bind(ast.NodeTransformer):
    """Replace names by expressions."""

    def __init__(self, bound: dict[str, ast.expr]) -> None:
        self.bound = bound

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.bound.get(node.id, node)


class _WithoutOnes(ast.NodeTransformer):
    """Leave out a factor of 1: functions of the table take the cotangent, and a derivative is theirs at 1."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.BinOp(ast.Constant(1), ast.Mult(), factor):
                return factor
        return node


class _Steps:
    """One ufunc call after the other, each into an array that is there already."""

    def __init__(self, out: str) -> None:
        self.out = out
        self.statements: list[str] = []
        self.dtypes = {out: "float64"}
        self.free = {"float64": [out], "bool": []}
        self.named: dict[str, str] = {}  # by :=, name -> array

    def finish(self, node: ast.expr) -> None:
        ufunc, operands = self.parts(node)
        self.statements.append(f"np.{ufunc}({', '.join(map(self.operand, operands))}, out={self.out})")

    def operand(self, node: ast.expr) -> str:
        """Compute an expression; return the literal, or the name of the array that holds it."""
        match node:
            case ast.Name(name):
                return self.named.get(name, name)
            case ast.Constant() | ast.UnaryOp(ast.USub(), ast.Constant()):
                return ast.unparse(node)
            case ast.NamedExpr(ast.Name(name), value):
                self.named[name] = self.operand(value)
                return self.named[name]
        ufunc, operands = self.parts(node)
        inputs = [self.operand(operand) for operand in operands]
        for array in inputs:
            self.release(array)
        array = self.take("bool" if isinstance(node, ast.Compare) else "float64")
        self.statements.append(f"np.{ufunc}({', '.join(inputs)}, out={array})")
        return array

    def parts(self, node: ast.expr) -> tuple[str, list[ast.expr]]:
        match node:
            case ast.BinOp(left, operator, right):
                return UFUNCS[type(operator)], [left, right]
            case ast.Compare(left, [operator], [right]):
                return UFUNCS[type(operator)], [left, right]
            case ast.UnaryOp(operator, operand):
                return UFUNCS[type(operator)], [operand]
            case ast.Call(ast.Attribute(_, ufunc), arguments):
                return ufunc, arguments
        raise ValueError(f"no ufunc for {ast.unparse(node)!r}")

    def take(self, dtype: str) -> str:
        if self.free[dtype]:
            return self.free[dtype].pop()
        array = f"{self.out}_{len(self.dtypes)}"
        self.dtypes[array] = dtype
        return array

    def release(self, array: str) -> None:
        if array in self.dtypes and array not in self.named.values():
            self.free[self.dtypes[array]].append(array)
