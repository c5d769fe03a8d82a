"""The one instruction that Python can't spell: ask for memory before it is needed."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_READ, _KEEP, _DATA = 0, 3, 1


@intrinsic
def prefetch(_typing: Any, array: Any, _place: Any) -> Any:
    """Ask for the cache line of array[place] (uint64, uint64), and go on; never fails, whatever the place.

    LLVM's own name, so every processor has it or leaves it out. Terms lie anywhere in a table larger than the caches:
    without it the look-up of a review's terms takes half as long again.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.bitcast(builder.gep(first, [arguments[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        instruction = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(instruction, [address, number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
