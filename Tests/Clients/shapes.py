"""Whether the JSON of an answer has the shape that the service's model gives it, and nothing else."""

import math

JSON_TYPES = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "long": (int,), "double": (int, float),
    "timestamp": (int, float), "list": (list,), "structure": (dict,), "map": (dict,)}
# Clients in other languages have numbers of these widths.
BITS = {"integer": 31, "long": 63}
# The end of the year 9999, beyond which clients have no dates.
LAST_MOMENT = 253_402_300_800


def misfits(value, shape, path=""):
    """What an answer has that its shape has not, or lacks what it must have."""
    if value is None:
        return []
    if shape is None:
        return [] if value == {} else [f"{path} is not empty"]
    kind = shape.type_name
    if not isinstance(value, JSON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{path} is no {kind}: {value!r:.80}"]
    if kind == "structure":
        found = [f"{path}.{name} is unknown" for name in value if name not in shape.members]
        found += [f"{path}.{name} is missing" for name in shape.required_members if value.get(name) is None]
        for name, member in value.items():
            if name in shape.members:
                found += misfits(member, shape.members[name], f"{path}.{name}")
        return found
    if kind == "list":
        found = [misfits(member, shape.member, f"{path}[{index}]") for index, member in enumerate(value)]
        return beyond_bounds(len(value), shape, path) + [misfit for part in found for misfit in part]
    if kind == "map":
        found = [misfits(member, shape.value, f"{path}[{key!r}]") for key, member in value.items()]
        return [misfit for part in found for misfit in part]
    if kind == "string":
        if getattr(shape, "enum", None) and value not in shape.enum:
            return [f"{path} is not one of {shape.enum}: {value!r}"]
        return beyond_bounds(len(value), shape, path)
    return [] if kind == "boolean" else misfits_of_number(value, kind, path)


def misfits_of_number(value, kind, path):
    if kind in BITS and not -2 ** BITS[kind] <= value < 2 ** BITS[kind]:
        return [f"{path} is no {kind}: {value}"]
    if not math.isfinite(value) or (kind == "timestamp" and not 0 <= value < LAST_MOMENT):
        return [f"{path} is no {kind}: {value}"]
    return []


def beyond_bounds(size, shape, path):
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    return [] if size >= low and (high is None or size <= high) else [f"{path} has a size of {size}"]
